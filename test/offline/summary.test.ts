import assert from "node:assert/strict";
import { parseEvents } from "../../workbench/offline/events";
import { summarize } from "../../workbench/offline/summary";

describe("the summary after an update", () => {
  const none = { stack: "dev", outputs: {}, state: {}, policyPacks: {}, advisories: 0 };

  it("tolerates a stack without any of the outputs", () => {
    const text = summarize(none);
    assert.match(text, /Stack dev, cluster \(none\)/);
    assert.match(text, /Policies: none were enforced/);
    assert.match(text, /Simulated: AWS and Kubernetes/);
  });

  it("shows engines, nodes, storage and policies", () => {
    const engine = {
      name: "core",
      ordinal: 0,
      markets: ["BTCUSDT", "ETHUSDT"],
      dns: "core-0.core.trading.svc",
    };
    const nodes = {
      name: "g-a",
      zone: "eu-central-1a",
      instanceType: "c7i.2xlarge",
      size: 1,
      housekeepingCpus: "0",
      isolatedCpus: "1-3",
    };
    const storage = {
      type: "kubernetes:storage.k8s.io/v1:StorageClass",
      inputs: {
        metadata: { name: "gp3" },
        reclaimPolicy: "Retain",
        parameters: { encrypted: "true", kmsKeyId: "arn:key" },
      },
    };
    const text = summarize({
      ...none,
      outputs: { clusterName: "c", engines: [engine], nodeGroups: [nodes], storageClass: "gp3" },
      state: { deployment: { resources: [storage] } },
      policyPacks: { pack: "1.0.0" },
      policyCounts: { pack: 19 },
    });
    assert.match(text, /core +0 +BTCUSDT, ETHUSDT +one of eu-central-1a +core-0\.core\.trading\.svc/);
    assert.match(text, /g-a +eu-central-1a +c7i\.2xlarge +0 +1-3 +1/);
    assert.match(text, /encrypted with arn:key/);
    assert.match(text, /claim is deleted: yes/);
    assert.match(text, /pack 1\.0\.0 \(19 policies\): every mandatory rule passed/);
  });

  it("shouts when a volume would be lost or readable", () => {
    const storage = {
      type: "kubernetes:storage.k8s.io/v1:StorageClass",
      inputs: { metadata: { name: "gp3" } },
    };
    const state = { deployment: { resources: [storage] } };
    const text = summarize({ ...none, outputs: { storageClass: "gp3" }, state });
    assert.match(text, /NOT ENCRYPTED/);
    assert.match(text, /claim is deleted: NO/);
  });
});

describe("the engine's event log", () => {
  it("yields violations in plain text, with pack names free of folders", () => {
    const policyEvent = {
      policyName: "no-spot",
      enforcementLevel: "mandatory",
      message: "<{%reset%}>spot<{%reset%}>\n",
      resourceUrn: "u",
    };
    const log = parseEvents([
      JSON.stringify({ policyEvent }),
      JSON.stringify({ summaryEvent: { PolicyPacks: { "pack|local|/x": "1.2.3" } } }),
    ]);
    assert.deepEqual(log.violations, [{ policy: "no-spot", level: "mandatory", message: "spot", urn: "u" }]);
    assert.deepEqual(log.policyPacks, { pack: "1.2.3" });
  });
});
