import assert from "node:assert/strict";
import { property, sample } from "fast-check";
import { parse, stringify } from "yaml";
import { nodeProfile } from "../../../config/node-profile";
import { parseConfig } from "../../../config/parse";
import { mebibytes } from "../../../config/units";
import { checkEngineFits, planNode } from "../../../tuning";
import { arbitraryRawConfig } from "../../support/arbitrary-config";
import { items, valueAt } from "../../support/values";

import { holds } from "../tuning/holds";

describe("generated configs", () => {
  it("parse, and give a node on which every engine fits", () => {
    holds(
      property(arbitraryRawConfig(), (raw) => {
        const config = parseConfig(raw);
        assert.ok(config.kind === "eks");
        const plan = planNode(nodeProfile(config.nodes, config.engines));
        for (const [name, { cpus, memory }] of Object.entries(config.engines))
          assert.deepEqual(checkEngineFits(plan, { cpus, memoryMebibytes: mebibytes(memory) }), [], name);
      }),
      { numRuns: 200 },
    );
  });

  it("are what a stack file can hold", () => {
    holds(
      property(arbitraryRawConfig(), (raw) => {
        assert.deepEqual(parse(stringify(raw)), raw);
      }),
      { numRuns: 20 },
    );
  });

  it("reach into every corner", () => {
    const configs = sample(arbitraryRawConfig(), { numRuns: 300, seed: 7 });
    const values = (path: string) => new Set(configs.map((raw) => JSON.stringify(valueAt(raw, path))));
    assert.equal(values("nodes.instanceType").size, 14);
    assert.equal(values("nodes.tuning").size, 4);
    assert.equal(values("nodes.ami.mode").size, 2);
    assert.equal(values("nodes.threadsPerCore").size, 2);
    assert.ok(values("nodes.housekeepingCores").size > 5);
    assert.ok(values("nodes.placement").has('"cluster"'));
    assert.ok(values("nodes.capacityReservations").size > 5);
    assert.ok(values("cluster.endpoint").size > 2);
    for (const [path, most] of [
      ["network.zones", 6],
      ["engines", 5],
    ] as const) {
      const sizes = configs.map((raw) => items(valueAt(raw, path)).length);
      assert.equal(Math.max(...sizes), most, path);
    }
  });
});
