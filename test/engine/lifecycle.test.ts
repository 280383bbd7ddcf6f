import assert from "node:assert/strict";
import { remarks, rules } from "../../policy/rules";
import type { Engine, RunResult, StateResource } from "../../workbench/offline/harness";
import { changes, explain, nameOf, openStack, PACK, withVerdicts } from "./support";

const GROUPS = ["a", "b", "c"].map((zone) => `trading-dev-engines-eu-central-1${zone}`);
const NEW_RELEASE = "1.35.4-20260801";

/** One stack, from its first preview to its destruction; each step stands on the one before. */
describe("the life of dev under the real engine", () => {
  let engine: Engine;
  before(async () => {
    engine = await openStack();
  });
  after(async () => {
    await engine.close();
  });

  it("previews on a brand-new stack, and every mandatory rule gives a verdict", async () => {
    const [preview, verdicts] = await withVerdicts(() => engine.preview());
    assert.equal(preview.exitCode, 0, explain(preview));
    assert.deepEqual(preview.violations, []);
    assert.deepEqual(
      verdicts.map(({ rule, verdict }) => [rule, verdict]),
      [...rules, ...remarks].map(({ name }) => [name, "pass"]),
    );
    for (const { rule, resources } of verdicts) assert.ok(resources.length > 0, `${rule} looked at nothing`);
    assert.ok(!/can't run|cannot run/i.test(preview.stdout), preview.stdout);
  });

  it("comes up", async () => {
    const up = await engine.up();
    assert.equal(up.exitCode, 0, explain(up));
    assert.ok(
      changes(up).every((change) => change.startsWith("create ")),
      changes(up).join("\n"),
    );
  });

  it("creates in the order of the architecture", async () => {
    const { resources } = await engine.preview();
    const order = resources
      .filter(({ type }) => !type.includes("launchTemplate"))
      .map(({ urn }) => nameOf(urn));
    const position = (name: string) => {
      const index = order.indexOf(name);
      assert.ok(index >= 0, `${name} is not in the state`);
      return index;
    };
    const expected = [
      "trading-dev-vpc",
      "trading-dev-node-addons-vpc-cni",
      "trading-dev-system-group",
      "trading-dev-addons-aws-ebs-csi-driver",
      ...GROUPS,
      "trading-dev-storage-class",
      "trading-engine-namespace",
      "trading-engine-budget",
    ].map(position);
    assert.deepEqual(
      expected,
      [...expected].sort((a, b) => a - b),
    );
  });

  it("has nothing to change in a second preview", async () => {
    const again = await engine.preview(["--expect-no-changes"]);
    assert.equal(again.exitCode, 0, explain(again));
    assert.deepEqual(changes(again), []);
  });

  it("tells the risk engine where each market is", async () => {
    const { engines, storageClass, egressIps, nodeGroups, clusterName, kubeconfig } = await engine.outputs();
    assert.ok(Array.isArray(engines));
    assert.deepEqual(engines[1], {
      name: "trading-engine",
      ordinal: 1,
      markets: ["ETHUSDT", "ETHUSD"],
      namespace: "trading",
      pod: "trading-engine-1",
      dns: "trading-engine-1.trading-engine-headless.trading.svc.cluster.local",
      endpoint: "http://trading-engine-1.trading-engine-headless.trading.svc.cluster.local:8080",
    });
    assert.equal(engines.length, 3);
    assert.equal(storageClass, "gp3-encrypted");
    assert.equal(clusterName, "trading-dev");
    assert.ok(Array.isArray(egressIps) && egressIps.length === 1);
    assert.ok(Array.isArray(nodeGroups) && nodeGroups.length === 3);
    assert.equal(typeof kubeconfig, "string");
  });

  it("adds a market list without touching the other pods' template", async () => {
    engine.edit({
      policyPack: PACK,
      configOverrides: {
        config: {
          "trading:engines": {
            "trading-engine": {
              markets: [["BTCUSDT", "BTCUSD"], ["ETHUSDT", "ETHUSD"], ["SOLUSDT", "SOLUSD"], ["XRPUSDT"]],
            },
          },
          "trading:nodes": { enginesPerZone: 2 },
        },
      },
    });
    const preview = await engine.preview();
    assert.equal(preview.exitCode, 0, explain(preview));
    const set = preview.steps.find(({ type, op }) => type.endsWith(":StatefulSet") && op !== "same");
    assert.equal(set?.op, "update");
    assert.deepEqual(set?.replaceReasons, []);
    assert.deepEqual(set?.oldInputs["spec"] && templateOf(set.oldInputs), templateOf(set?.newInputs ?? {}));
    assert.ok(changes(preview).includes("update trading-engine-markets"), changes(preview).join("\n"));
    assert.deepEqual(
      changes(preview).filter((change) => /replace|delete/.test(change)),
      [],
    );
  });

  it("rolls an AMI release zone after zone", async () => {
    engine.edit({
      policyPack: PACK,
      configOverrides: { config: { "trading:nodes": { ami: { releaseVersion: NEW_RELEASE } } } },
    });
    const up = await engine.up();
    assert.equal(up.exitCode, 0, explain(up));
    const groups = up.steps.filter(
      ({ type, op }) => type === "aws:eks/nodeGroup:NodeGroup" && op === "update",
    );
    assert.deepEqual(
      groups.slice(-3).map(({ urn }) => nameOf(urn)),
      GROUPS,
    );
    for (const { detailedDiff } of groups) assert.deepEqual(Object.keys(detailedDiff), ["releaseVersion"]);
    for (const [index, group] of GROUPS.entries()) {
      const { dependencies } = nodeGroup(up, group);
      const previous = GROUPS[index - 1];
      if (previous)
        assert.ok(
          dependencies.includes(nodeGroup(up, previous).urn),
          `${group} does not wait for ${previous}`,
        );
    }
  });

  it("rolls a changed launch template, whose version is not known before", async () => {
    engine.edit({
      policyPack: PACK,
      configOverrides: {
        config: { "trading:nodes": { rootVolume: "60 GiB", ami: { releaseVersion: NEW_RELEASE } } },
      },
    });
    const preview = await engine.preview();
    assert.equal(preview.exitCode, 0, explain(preview));
    for (const group of GROUPS)
      assert.ok(
        changes(preview).filter((change) => change === `update ${group}`).length === 2,
        `${group}: template and group`,
      );
  });

  it("shows a change of the claim template as a replacement", async () => {
    engine.edit({
      policyPack: PACK,
      configOverrides: { config: { "trading:engines": { "trading-engine": { volume: "40 GiB" } } } },
    });
    const preview = await engine.preview();
    const set = preview.steps.filter(({ type, op }) => type.endsWith(":StatefulSet") && op !== "same");
    assert.ok(
      set.some(({ op }) => op === "replace"),
      changes(preview).join("\n"),
    );
    assert.ok(
      set.some(({ replaceReasons }) =>
        replaceReasons.some((reason) => reason.includes("volumeClaimTemplates")),
      ),
    );
  });

  it("refuses to bring the engines back elsewhere, with empty volumes", async () => {
    engine.edit({
      policyPack: PACK,
      configOverrides: { config: { "trading:engines": { "trading-engine": { namespace: "elsewhere" } } } },
    });
    const preview = await engine.preview();
    assert.notEqual(preview.exitCode, 0, changes(preview).join("\n"));
    assert.ok(
      preview.violations.some(({ policy }) => policy === "volume-template-frozen"),
      explain(preview),
    );
  });

  it("changes nothing when zones are written in another order", async () => {
    const zones = ["eu-central-1b", "eu-central-1c", "eu-central-1a"];
    engine.edit({
      policyPack: PACK,
      configOverrides: {
        config: { "trading:network": { zones }, "trading:nodes": { ami: { releaseVersion: NEW_RELEASE } } },
      },
    });
    const preview = await engine.preview(["--expect-no-changes"]);
    assert.deepEqual(changes(preview), []);
    assert.equal(preview.exitCode, 0, explain(preview));
  });

  it("refuses a stack file that was copied and not renamed", async () => {
    engine.edit({ policyPack: PACK, configOverrides: { config: { "trading:environment": "prod" } } });
    const preview = await engine.preview();
    assert.notEqual(preview.exitCode, 0);
    assert.match(preview.stdout, /environment: must be the stack's own name; write dev/, explain(preview));
  });

  it("passes its own policies as a state, too", async () => {
    engine.edit({
      policyPack: PACK,
      configOverrides: { config: { "trading:nodes": { ami: { releaseVersion: NEW_RELEASE } } } },
    });
    const analysis = await engine.analyze();
    assert.equal(analysis.exitCode, 0, explain(analysis));
  });

  it("is destroyed in reverse, and leaves nothing", async () => {
    const destroy = await engine.destroy();
    assert.equal(destroy.exitCode, 0, explain(destroy));
    assert.deepEqual(destroy.resources, []);
    const deleted = changes(destroy);
    const position = (name: string) => deleted.indexOf(`delete ${name}`);
    const order = [
      "trading-engine-budget",
      "trading-dev-storage-class",
      ...[...GROUPS].reverse(),
      "trading-dev-system-group",
      "trading-dev-vpc",
    ].map(position);
    assert.ok(
      order.every((index) => index >= 0),
      deleted.join("\n"),
    );
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
  });
});

function nodeGroup({ resources }: RunResult, name: string): StateResource {
  const found = resources.find(
    ({ type, urn }) => type === "aws:eks/nodeGroup:NodeGroup" && nameOf(urn) === name,
  );
  assert.ok(found, `no node group ${name}`);
  return found;
}

function templateOf(inputs: Record<string, unknown>): unknown {
  const spec = inputs["spec"];
  return typeof spec === "object" && spec !== null && "template" in spec ? spec.template : undefined;
}
