import assert from "node:assert/strict";
import {
  DRAIN_RESERVE,
  gracePeriodSeconds,
  longestGrace,
  NODE_DRAIN_LIMIT,
  shutdownBudget,
} from "../../../config/shutdown";
import { eksStack } from "../../support/stack-files";
import { setAt } from "../../support/values";

describe("the shutdown budget", () => {
  const phases = {
    cancelOrders: "30 seconds",
    confirmations: "1 minute",
    flush: "5 seconds",
    slack: "15 seconds",
  } as const;

  it("holds every phase in seconds; the hook takes no time of its own", () => {
    assert.deepEqual(shutdownBudget(phases), {
      preStop: 0,
      cancelOrders: 30,
      confirmations: 60,
      flush: 5,
      slack: 15,
    });
  });

  it("adds up to the grace period", () => {
    assert.equal(gracePeriodSeconds(shutdownBudget(phases)), 110);
  });

  it("counts a hook that takes time", () => {
    assert.equal(gracePeriodSeconds({ ...shutdownBudget(phases), preStop: 7 }), 117);
  });

  for (const [stack, grace] of [
    ["dev", 56],
    ["staging", 120],
    ["prod", 120],
  ] as const)
    it(`of ${stack} is ${grace} seconds`, () => assert.equal(longestGrace(eksStack(stack).engines), grace));

  it("of a node is its slowest engine's", () => {
    const { engines } = eksStack("dev");
    const [engine] = Object.values(engines);
    assert.ok(engine);
    const slow = { ...engine, shutdown: { ...engine.shutdown, flush: "4 minutes" as const } };
    assert.equal(longestGrace({ slow, ...engines }), 295);
    assert.equal(longestGrace({ ...engines, slow }), 295);
  });

  it("may last fourteen minutes: what EKS gives a drain, less a minute for eviction and volumes", () => {
    assert.equal(NODE_DRAIN_LIMIT - DRAIN_RESERVE, 14 * 60);
    const edit = (seconds: number) => () =>
      eksStack("dev", (raw) => {
        setAt(raw, "engines.trading-engine.shutdown.flush", `${seconds} seconds`);
      });
    assert.doesNotThrow(edit(840 - 55));
    assert.throws(edit(840 - 54), /adds up to 841 seconds, over the 840/);
  });
});
