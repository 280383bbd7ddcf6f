import assert from "node:assert/strict";
import { configOf } from "../../../workbench/lab/drill/stack-change";

describe("a drill's change of the stack file", () => {
  it("says nothing of what it does not change", () => {
    assert.deepEqual(configOf({}, "btc"), {});
    assert.deepEqual(configOf({ protect: true }, "btc"), { "trading:protection": { state: true } });
    assert.deepEqual(configOf({ release: "2" }, "btc"), {
      "trading:nodes": { ami: { releaseVersion: "2" } },
    });
  });

  it("puts everything at its place", () => {
    const change = { enginesPerZone: 2, markets: [["A"]], image: "i", volume: "40 GiB", protect: false };
    assert.deepEqual(configOf(change, "btc"), {
      "trading:nodes": { enginesPerZone: 2 },
      "trading:engines": { btc: { markets: [["A"]], image: "i", volume: "40 GiB" } },
      "trading:protection": { state: false },
    });
  });
});
