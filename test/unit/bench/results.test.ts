import assert from "node:assert/strict";
import type { Recovery } from "../../../workbench/bench/lab/recovery/run";
import { recoverySection, scaleSection } from "../../../workbench/bench/lab/results";
import type { ScaleRun } from "../../../workbench/bench/lab/scale/run";
import { formatResults, isMissed, type Result } from "../../../workbench/bench/report";

const missed = (results: readonly Result[]) => results.filter(isMissed).map(({ what }) => what);

function recovery(change: Partial<Recovery> = {}): Recovery {
  return {
    subject: "ours",
    timers: { detection: 9, toleration: 5, collection: 20, start: 12, lease: 15 },
    crash: 5,
    drain: { drain: 4, start: 6, ready: 11, dark: 12 },
    death: 30,
    roll: { seconds: 60, darkMarketSeconds: 70 },
    verbatim: "",
    problems: [],
    ...change,
  };
}

const seed = recovery({
  subject: "seed",
  verbatim: "pods that have a node: 0 (expected 3)",
  problems: ["late"],
});

describe("the recovery's bounds", () => {
  it("hold for engines that need little more than their own time", () => {
    assert.deepEqual(missed(recoverySection([recovery(), seed]).results), []);
  });

  it("are missed by a slow drain, a long death and a drill that complains; never by the seed", () => {
    const slow = recovery({ drain: { drain: 4, start: 6, ready: 15.1, dark: 16 } });
    assert.match(missed(recoverySection([slow, seed]).results).join(), /drain → ready/);
    assert.match(missed(recoverySection([recovery({ death: 37 }), seed]).results).join(), /node death/);
    assert.match(
      missed(recoverySection([recovery({ problems: ["lost"] }), seed]).results).join(),
      /complain/,
    );
  });

  it("say what was scaled, and what the seed does as published", () => {
    const { text } = recoverySection([recovery(), seed]);
    assert.match(text, /pods that have a node: 0 \(expected 3\)/);
    assert.match(text, /scaled for both/);
    assert.throws(() => recoverySection([recovery()]), /nothing was measured of seed/);
  });
});

describe("the scale's bounds", () => {
  const run = (seconds: readonly number[], change: Partial<ScaleRun> = {}): ScaleRun => ({
    nodes: 2100,
    steps: seconds.map((each) => ({ pods: 200, seconds: each })),
    placement: [],
    order: [],
    rollOut: { engines: 20, seconds: 90, darkMarketSeconds: 60 },
    ...change,
  });

  it("hold while a pod costs at most a quarter more", () => {
    assert.deepEqual(missed(scaleSection(run([10, 11, 12])).results), []);
  });

  it("are missed by growth, a bad place and a broken order", () => {
    assert.deepEqual(missed(scaleSection(run([20, 10, 13])).results), [
      "time per pod, last step ÷ second step",
    ]);
    assert.equal(missed(scaleSection(run([10, 20, 30])).results).length, 2);
    assert.equal(missed(scaleSection(run([10, 10], { placement: ["a"], order: ["b"] })).results).length, 2);
  });
});

describe("the table of results", () => {
  it("shows a largest value, a smallest one and none", () => {
    const table = formatResults([
      { what: "cost", value: 2, bound: 1, detail: "" },
      { what: "gain", value: 2, least: 3, detail: "" },
      { what: "fact", value: 2, detail: "" },
    ]);
    assert.match(table, /\| cost \| 2.00 \| ≤ 1.00 \| MISSED \|/);
    assert.match(table, /\| gain \| 2.00 \| ≥ 3.00 \| MISSED \|/);
    assert.match(table, /\| fact \| 2.00 \| – \| – \|/);
  });
});
