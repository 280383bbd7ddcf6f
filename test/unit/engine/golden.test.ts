import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as manifests from "../../../components/engine/manifests";
import type { EngineSpec } from "../../../components/engine/spec";
import { endpoints } from "../../../components/engine/spec";
import { statefulSet } from "../../../components/engine/stateful-set";
import { specOf } from "../../support/engine-specs";

const GOLDEN = join(__dirname, "..", "..", "golden", "manifests");
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

const KINDS: Readonly<Record<string, (spec: EngineSpec) => object>> = {
  "config-map": manifests.marketMap,
  "disruption-budget": manifests.disruptionBudget,
  endpoints,
  namespace: manifests.namespace,
  "network-policy-deny-all": manifests.denyAll,
  "network-policy-egress": manifests.egressPolicy,
  "network-policy-ingress": manifests.ingressPolicy,
  "priority-class": manifests.priorityClass,
  role: manifests.leaseRole,
  "role-binding": manifests.leaseRoleBinding,
  service: manifests.headlessService,
  "service-account": manifests.serviceAccount,
  "stateful-set": statefulSet,
};

/** The least engine and the richest: two stack files that are really deployed. */
const STACKS = ["dev", "prod"] as const;

describe("an engine's manifests", () => {
  for (const stack of STACKS)
    for (const [kind, manifest] of Object.entries(KINDS)) {
      const file = `${stack}-${kind}.json`;
      it(file, () => {
        const path = join(GOLDEN, file);
        const text = `${JSON.stringify(manifest(specOf(stack)), null, 2)}\n`;
        if (UPDATE) {
          mkdirSync(GOLDEN, { recursive: true });
          writeFileSync(path, text);
        }
        assert.ok(existsSync(path), `${path} is missing: run with UPDATE_GOLDEN=1 and review the file`);
        assert.equal(
          text,
          readFileSync(path, "utf8"),
          `${file} has changed: run with UPDATE_GOLDEN=1 and review`,
        );
      });
    }

  it("are all in use", () => {
    const expected = STACKS.flatMap((stack) => Object.keys(KINDS).map((kind) => `${stack}-${kind}.json`));
    assert.deepEqual(readdirSync(GOLDEN).sort(), expected.sort());
  });

  it("are plain data: what the file shows is what the API server gets", () => {
    for (const manifest of Object.values(KINDS)) {
      const made = manifest(specOf("prod"));
      assert.deepEqual(JSON.parse(JSON.stringify(made)), made);
    }
  });

  it("share nothing between two calls", () => {
    const spec = specOf("prod");
    assert.notEqual(statefulSet(spec), statefulSet(spec));
    assert.deepEqual(statefulSet(spec), statefulSet(spec));
  });
});
