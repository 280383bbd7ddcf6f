import assert from "node:assert/strict";
import { parseBenchArguments } from "../../../workbench/bench/lab/arguments";

describe("the command line of bench:lab", () => {
  it("runs all parts with their own numbers unless told otherwise", () => {
    assert.deepEqual(parseBenchArguments([]), {
      ...{ kind: "run", parts: ["a", "b", "c"], json: false },
      ...{ rounds: 5, seconds: 20, engines: 100 },
    });
  });

  it("takes parts, numbers and a folder, in any order", () => {
    const options = parseBenchArguments([
      "c",
      "--rounds=2",
      "a",
      "--json",
      "--engines",
      "20",
      "--state",
      "/lab",
    ]);
    assert.deepEqual(options, {
      ...{ kind: "run", parts: ["a", "c"], json: true },
      ...{ rounds: 2, seconds: 20, engines: 20, state: "/lab" },
    });
    assert.equal(parseBenchArguments(["a", "--help"]).kind, "help");
  });

  for (const [argv, message] of [
    [["d"], /there is no part "d"; the parts are a, b, c/],
    [["--fast"], /unknown option "--fast"/],
    [["--rounds", "0"], /--rounds must be a whole number from 1 to 99, not "0"/],
    [["--engines", "15"], /in steps of 10/],
    [["--seconds"], /--seconds must be/],
    [["--state", "--json"], /--state needs a value/],
  ] as const) {
    it(`refuses ${argv.join(" ")}`, () => {
      assert.throws(() => parseBenchArguments(argv), message);
    });
  }
});
