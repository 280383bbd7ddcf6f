import assert from "node:assert/strict";
import { type OfflineArguments, parseArguments } from "../../workbench/offline/arguments";
import { UserError } from "../../workbench/offline/errors";
import { helpText } from "../../workbench/offline/help";

function parsed(...argv: string[]): OfflineArguments {
  const result = parseArguments(argv);
  if (result.command === "help") {
    assert.fail("expected a command, got help");
  }
  return result;
}

describe("offline command line", () => {
  it("keeps its own options and passes the rest on in order", () => {
    const flags = ["--diff", "--target", "urn:x", "--expect-no-changes"];
    const result = parsed(
      "preview",
      "--stack",
      "dev",
      ...flags,
      "--state=/tmp/s",
      "--project",
      "p",
      "--no-policy",
    );
    assert.deepEqual(result, {
      command: "preview",
      stack: "dev",
      state: "/tmp/s",
      project: "p",
      policies: false,
      passed: flags,
    });
  });

  it("enforces policies unless told otherwise, and takes the short form of --stack", () => {
    const result = parsed("up", "-s", "prod");
    assert.equal(result.policies, true);
    assert.equal(result.stack, "prod");
  });

  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["an unknown command", ["previw"], /unknown command "previw": expected one of preview, up/],
    ["a missing stack", ["up"], /--stack NAME/],
    ["a stack without a name", ["up", "--stack"], /--stack needs a value/],
    ["a flag instead of a name", ["up", "--stack", "--diff"], /--stack needs a value, not "--diff"/],
    [
      "another config file",
      ["up", "--stack", "dev", "--config-file", "x"],
      /--config-file cannot be used here/,
    ],
    [
      "another config file, joined",
      ["up", "--stack", "dev", "--config-file=x"],
      /--config-file cannot be used here/,
    ],
  ];
  for (const [what, argv, message] of refused) {
    it(`refuses ${what} in one sentence`, () => {
      assert.throws(
        () => parseArguments(argv),
        (error) => error instanceof UserError && message.test(error.message),
      );
    });
  }

  it("has help for everything and for each command", () => {
    assert.deepEqual(parseArguments([]), { command: "help" });
    assert.deepEqual(parseArguments(["--help"]), { command: "help" });
    assert.deepEqual(parseArguments(["destroy", "--stack", "dev", "--help"]), {
      command: "help",
      topic: "destroy",
    });
    assert.match(helpText(), /--policy-pack DIR/);
    assert.match(helpText("analyze"), /without|Judges/);
  });
});
