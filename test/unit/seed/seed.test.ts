import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Refusal, readSettings } from "../../../examples/engine/core/settings";
import { NODE_LABEL, NODE_TAINT } from "../../../tuning/placement";
import { ENGINE, expectedReference } from "../../../workbench/image/engine-image";
import { SEED_ENGINE } from "../../../workbench/image/seed-engine";
import { OVERLAY_FILE, SEED, seedManifests, seedVerbatim } from "../../../workbench/seed/manifests";
import { type Data, overlaid } from "../../../workbench/seed/merge";
import { seedResources } from "../../policy/fixtures/seed";

const MAX_LINES = 6;

describe("the seed's manifests", () => {
  const setOf = (manifests: readonly { readonly kind: string }[]): Data =>
    JSON.parse(JSON.stringify(manifests.find(({ kind }) => kind === "StatefulSet")));

  it("are those that the policy pack refuses: two copies of one text", () => {
    const known = seedResources().map(({ inputs }) => inputs);
    assert.equal(known.length, seedVerbatim().length);
    for (const manifest of seedVerbatim()) {
      const { kind, metadata } = manifest;
      const same = known.find((inputs) => inputs["kind"] === kind);
      assert.deepEqual(JSON.parse(JSON.stringify(manifest)), same, metadata.name);
    }
  });

  it("have an overlay of at most six lines, comments apart", () => {
    const lines = readFileSync(OVERLAY_FILE, "utf8")
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("#"));
    assert.ok(lines.length <= MAX_LINES, `${lines.length} lines`);
  });

  it("differ with the overlay in image, scale, toleration and size of the volume, and in nothing else", () => {
    const { name, claim } = SEED;
    const volume = { metadata: { name: claim }, spec: { resources: { requests: { storage: "50Gi" } } } };
    const undo: Data = {
      spec: {
        template: {
          spec: {
            tolerations: null,
            containers: [
              {
                name: "engine",
                image: "trading-engine:v1.2.3",
                resources: {
                  requests: { memory: "4Gi", cpu: "2000m" },
                  limits: { memory: "8Gi", cpu: "4000m" },
                },
              },
            ],
          },
        },
        volumeClaimTemplates: [volume],
      },
    };
    const laid = setOf(seedManifests());
    assert.notDeepEqual(laid, setOf(seedVerbatim()));
    assert.deepEqual(overlaid(laid, undo), setOf(seedVerbatim()));
    assert.equal(seedManifests().find(({ kind }) => kind === "StatefulSet")?.metadata.name, name);
  });

  it("tolerate with the overlay what the nodes are tainted with, select their label, and stay Burstable", () => {
    const text = JSON.stringify(seedManifests());
    assert.ok(text.includes(`"tolerations":[{"key":"${NODE_TAINT.key}","operator":"Exists"}]`), text);
    assert.ok(text.includes(`"key":"${NODE_LABEL.key}","operator":"In","values":["${NODE_LABEL.value}"]`));
    const quantities = /"requests":\{([^}]*)\},"limits":\{([^}]*)\}/.exec(text) ?? [];
    assert.ok(quantities[1] !== undefined && quantities[1] !== quantities[2], text);
  });

  it("name the image that this checkout builds, and are for the names that the drills use", function () {
    // A hundred mebibytes are hashed: seconds on a machine that does nothing else.
    this.timeout(60_000);
    const set = JSON.stringify(setOf(seedManifests()));
    const reference = expectedReference(SEED_ENGINE);
    assert.ok(set.includes(reference), reference);
    assert.ok(set.includes(`"replicas":${SEED.markets.length}`));
    assert.ok(set.includes(`"terminationGracePeriodSeconds":${SEED.gracePeriodSeconds}`));
    assert.ok(set.includes(`"metadata":{"name":"${SEED.name}","namespace":"${SEED.namespace}"}`));
    assert.ok(set.includes(`"metadata":{"name":"${SEED.claim}"}`));
  });
});

describe("an overlay", () => {
  for (const [what, base, over, expected] of [
    ["replaces a field and keeps the others", { a: 1, b: 2 }, { b: 3 }, { a: 1, b: 3 }],
    ["adds what was not there", { a: {} }, { a: { b: { c: 1 } } }, { a: { b: { c: 1 } } }],
    ["takes away what it sets to null", { a: 1, b: 2 }, { b: null }, { a: 1 }],
    [
      "finds a named thing by its name, wherever it stands",
      [
        { name: "x", v: 1 },
        { name: "y", v: 2, w: 3 },
      ],
      [{ name: "y", v: 4 }, { name: "z" }],
      [{ name: "x", v: 1 }, { name: "y", v: 4, w: 3 }, { name: "z" }],
    ],
    [
      "or by its metadata's name",
      [{ metadata: { name: "x" }, v: 1 }],
      [{ metadata: { name: "x" }, v: 2 }],
      [{ metadata: { name: "x" }, v: 2 }],
    ],
    ["replaces any other list", [1, 2], [3], [3]],
    ["replaces what is of another kind", { a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }],
  ] as const satisfies readonly (readonly [string, Data, Data, Data])[]) {
    it(what, () => assert.deepEqual(overlaid(base, over), expected));
  }
});

describe("the seed's engine", () => {
  const env = { ...SEED_ENGINE.config.environment, NODE_NAME: "n" };
  const file = (path: string): string => {
    const found = SEED_ENGINE.settings?.find((entry) => `/${entry.path}` === path);
    return found?.kind === "file" ? found.data.toString() : "";
  };
  const settings = (ordinal: number) =>
    readSettings({ ...env, POD_NAME: `${SEED.name}-${ordinal}`, KUBERNETES_SERVICE_HOST: "10.0.0.1" }, file);

  it("is the same program, told by its image what the seed's manifests do not tell it", () => {
    assert.deepEqual(SEED_ENGINE.programs, ENGINE.programs);
    assert.deepEqual(
      SEED.markets.map((_, ordinal) => settings(ordinal).markets),
      SEED.markets,
    );
    const { dataDir, drainBudgetMs, lease } = settings(0);
    assert.deepEqual([dataDir, drainBudgetMs], ["/data", 60_000]);
    assert.deepEqual(lease.source, { kind: "directory", directory: "/tmp/lease" });
  });

  it("has no markets for a fourth ordinal, as the seed's table has none", () => {
    assert.throws(() => settings(3), Refusal);
  });
});
