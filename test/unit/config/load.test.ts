import assert from "node:assert/strict";
import { rawConfig } from "../../../config/load";
import { parseConfig } from "../../../config/parse";
import { engineConfig, rawStack, STACKS } from "../../support/stack-files";
import { setAt, valueAt } from "../../support/values";

describe("a stack's config as the engine hands it over", () => {
  for (const stack of STACKS)
    it(`of ${stack} is what its file says`, () => {
      assert.deepEqual(rawConfig("trading", engineConfig(stack)), rawStack(stack));
    });

  it("is the project's own: keys of Pulumi and of other projects are left out", () => {
    const all = { "trading:region": "eu-central-1", "aws:region": "us-east-1", "trading-x:a": "1" };
    assert.deepEqual(rawConfig("trading", all), { region: "eu-central-1" });
  });

  it("keeps text that only looks like JSON, so that its problem is told in words", () => {
    assert.deepEqual(rawConfig("trading", { "trading:environment": "[dev" }), { environment: "[dev" });
  });

  it("keeps an account id with its leading zero", () => {
    assert.deepEqual(rawConfig("trading", { "trading:accountId": "012345678901" }), {
      accountId: "012345678901",
    });
  });
});

describe("the stack files", () => {
  for (const stack of STACKS)
    it(`${stack} parses`, () => {
      const config = parseConfig(rawStack(stack));
      assert.equal(config.environment, stack);
      assert.equal(config.kind, stack === "local" ? "existing" : "eks");
    });

  it("protect what holds state in staging and prod, and nothing in dev", () => {
    const protection = (stack: (typeof STACKS)[number]) => parseConfig(rawStack(stack)).protection;
    assert.deepEqual(protection("dev"), { state: false, cluster: false });
    assert.deepEqual(protection("staging"), { state: true, cluster: true });
    assert.deepEqual(protection("prod"), { state: true, cluster: true });
  });
});

describe("defaults", () => {
  const cases: Readonly<Record<string, unknown>> = {
    "protection.state": true,
    "protection.cluster": true,
    "network.natGateways": "perZone",
    "network.reservedCidrs": [],
    "network.flowLogRetention": "30 days",
    "cluster.serviceCidr": "172.20.0.0/16",
    "cluster.admins": [],
    "cluster.systemNodes.instanceType": "m7i.large",
    "cluster.systemNodes.count": 2,
    "nodes.threadsPerCore": undefined,
    "nodes.zones": undefined,
    "nodes.spareNodesPerZone": 0,
    "nodes.tuning": "balanced",
    "nodes.housekeepingCores": undefined,
    "nodes.rootVolume": "40 GiB",
    "nodes.capacityType": "ON_DEMAND",
    "nodes.placement": "none",
    "nodes.capacityReservations": {},
    "nodes.updateStrategy": "DEFAULT",
    "storage.className": "gp3-encrypted",
    "storage.iops": 3000,
    "storage.throughput": "125 MiB/s",
    "storage.defaultClass": false,
    "storage.volumeAttributes": {},
    "storage.snapshots": undefined,
    "engines.trading-engine.namespace": undefined,
    "engines.trading-engine.shutdown.slack": "15 seconds",
    "engines.trading-engine.startup": "2 minutes",
    "engines.trading-engine.reconnect": "30 seconds",
    "engines.trading-engine.maxDisrupted": 1,
    "engines.trading-engine.egress": [{ cidr: "0.0.0.0/0", except: ["169.254.169.254/32"], ports: [443] }],
    "engines.trading-engine.callers": [],
    "engines.trading-engine.credentials": {},
    "engines.trading-engine.partition": 0,
    tags: {},
    registry: undefined,
  };
  for (const [path, value] of Object.entries(cases))
    it(`${path} is ${JSON.stringify(value) ?? "left out"}`, () => {
      const raw = rawStack("dev");
      setAt(raw, path, undefined);
      if (path.startsWith("protection")) setAt(raw, "protection", undefined);
      // One CPU is odd where hyper-threading is on.
      if (path === "nodes.threadsPerCore") setAt(raw, "engines.trading-engine.cpus", 2);
      assert.deepEqual(valueAt(parseConfig(raw), path), value);
    });
});
