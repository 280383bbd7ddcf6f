import assert from "node:assert/strict";
import { nodesPerZone, withoutAddons } from "../../../workbench/bench/lab/scale/cluster";
import {
  arrivalsOf,
  growth,
  orderProblems,
  placementProblems,
  rollOutOf,
} from "../../../workbench/bench/lab/scale/facts";
import { stackPlan } from "../../../workbench/lab/stack-plan";

const ZONES = new Map([
  ["a-0", "a"],
  ["a-1", "a"],
  ["b-0", "b"],
  ["c-0", "c"],
]);
const pods = (...nodes: readonly (string | undefined)[]) =>
  nodes.map((node, ordinal) => ({ name: `engine-${ordinal}`, node }));

describe("where a hundred engines are", () => {
  it("is right when each pod has a node of its own and zones are even", () => {
    assert.deepEqual(
      placementProblems([{ engine: "engine", pods: pods("a-0", "b-0", "c-0", "a-1") }], ZONES, 4),
      [],
    );
  });

  it("is wrong with a pod without a node, a shared node, an uneven zone or a pod too few", () => {
    const problems = (...nodes: readonly (string | undefined)[]) =>
      placementProblems([{ engine: "engine", pods: pods(...nodes) }], ZONES, 3).join();
    assert.match(problems("a-0", "b-0", undefined), /engine-2 has no node/);
    assert.match(problems("a-0", "b-0", "b-0"), /engine-2 and engine-1 are both on b-0/);
    assert.match(problems("a-0", "a-1", "b-0"), /spread 2\/1\/0/);
    assert.match(problems("a-0", "b-0"), /has 2 pods, not 3/);
  });

  it("needs nodes for seven of twenty ordinals in any zone", () => {
    assert.equal(nodesPerZone(3), 700);
    assert.equal(nodesPerZone(3, 10, 20), 70);
  });

  it("is on nodes that have already paid for the add-ons", () => {
    const stack = stackPlan("dev");
    const { plan } = withoutAddons(stack);
    assert.equal(plan.allocatableMillicpu, stack.plan.allocatableMillicpu - stack.plan.addonMillicpu);
    assert.equal(plan.addonMillicpu, 0);
  });
});

describe("a roll-out", () => {
  const change = (name: string, uid: string, ready: boolean, since: number) => ({ name, uid, ready, since });
  const old = new Set(["old-1", "old-0"]);
  const changes = [
    change("e-1", "old-1", false, 1000),
    change("e-1", "new-1", false, 2000),
    change("e-1", "new-1", true, 4000),
    change("e-0", "old-0", false, 5000),
    change("e-0", "new-0", true, 9000),
  ];

  it("is read from what became of the pods", () => {
    assert.deepEqual(arrivalsOf(changes, old), [
      { ordinal: 1, gone: 1000, ready: 4000 },
      { ordinal: 0, gone: 5000, ready: 9000 },
    ]);
  });

  it("costs the time in which markets had no ready engine", () => {
    const { darkMarketSeconds, seconds, engines } = rollOutOf(arrivalsOf(changes, old), [["A"], ["B", "C"]]);
    assert.deepEqual(
      { darkMarketSeconds, seconds, engines },
      { darkMarketSeconds: 10, seconds: 8, engines: 2 },
    );
  });

  it("is in order when each waits for the one before, from the last to the first", () => {
    assert.deepEqual(orderProblems(arrivalsOf(changes, old), 2), []);
    const ordered = arrivalsOf(changes, old);
    assert.match(orderProblems([...ordered].reverse(), 2).join(), /1 was replaced after 0/);
    assert.match(orderProblems(ordered, 3).join(), /2 pods were replaced, not 3/);
    const early = ordered.map((arrival) => (arrival.ordinal === 0 ? { ...arrival, gone: 3000 } : arrival));
    assert.match(orderProblems(early, 2).join(), /0 went before 1 was ready/);
  });
});

describe("time per pod", () => {
  it("grows by the last step against the first", () => {
    const steps = [10, 11, 20].map((seconds) => ({ pods: 200, seconds }));
    assert.equal(growth(steps), 2);
    assert.equal(
      growth([
        { pods: 100, seconds: 10 },
        { pods: 200, seconds: 20 },
      ]),
      1,
    );
  });
});
