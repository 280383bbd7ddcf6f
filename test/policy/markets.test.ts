import assert from "node:assert/strict";
import { marketStillOwned } from "../../policy/rules/markets";
import { goodStack } from "./fixtures/good";
import { explain, type FixtureStack, passes, runOnChange } from "./support";

function markets(map: object, stack: FixtureStack = goodStack()): FixtureStack {
  return stack.set("btc-markets", ["data", "markets.json"], JSON.stringify(map));
}

const BEFORE = markets({ 0: ["A"], 1: ["B"], 2: ["C", "D"] });

/** What the rule says of a change from three lists. */
function remark(after: FixtureStack): string {
  return explain(runOnChange(marketStillOwned, BEFORE, after));
}

describe(marketStillOwned.name, () => {
  it("is a remark: it refuses nothing", () => assert.equal(marketStillOwned.level, "advisory"));

  it("has nothing to say of a new stack", () => passes(marketStillOwned, goodStack()));

  it("has nothing to say when nothing changes, when a list is added, and when a market moves", () => {
    for (const map of [
      { 0: ["A"], 1: ["B"], 2: ["C", "D"] },
      { 0: ["A"], 1: ["B"], 2: ["C", "D"], 3: ["E"] },
      { 0: ["D", "a"], 1: ["B"], 2: ["C"] },
    ]) {
      const verdict = runOnChange(marketStillOwned, BEFORE, markets(map));
      assert.equal(verdict.kind, "pass", explain(verdict));
    }
  });

  it("names the markets of a list that was taken away, and whose they were", () => {
    const said = remark(markets({ 0: ["A"], 1: ["B"] }).set("btc", "spec.replicas", 2));
    assert.match(said, /nobody trades C, D any more, which btc-2 did until now; .*claims of btc-2.*Remedy:/);
  });

  it("names a single market that was taken from a list", () => {
    assert.match(remark(markets({ 0: ["A"], 1: ["B"], 2: ["C"] })), /nobody trades D any more/);
  });

  it("names no market that another engine took over", () => {
    assert.doesNotMatch(remark(markets({ 0: ["A", "D"], 1: ["B"], 2: ["C"] })), /D any more/);
  });
});
