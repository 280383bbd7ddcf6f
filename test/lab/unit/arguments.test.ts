import assert from "node:assert/strict";
import { COMMANDS, parseArguments } from "../../../workbench/lab/arguments";
import { helpText } from "../../../workbench/lab/help";
import { UserError } from "../../../workbench/offline/errors";

describe("the lab's command line", () => {
  it("reads every option of up, with a space or with an equals sign", () => {
    const expected = { command: "up", state: "/x", stack: "prod", port: 6443, nodesPerZone: 2 };
    const spaced = "up --state /x --stack prod --port 6443 --nodes-per-zone 2";
    assert.deepEqual(parseArguments(spaced.split(" ")), expected);
    const equal = "up --state=/x --stack=prod --port=6443 --nodes-per-zone=2";
    assert.deepEqual(parseArguments(equal.split(" ")), expected);
  });

  it("reads how many real nodes each zone has", () => {
    assert.deepEqual(parseArguments(["up", "--real", "a=2,b", "--timers=scaled", "--cpu-manager=static"]), {
      command: "up",
      real: { a: 2, b: 1 },
      timers: "scaled",
      cpuManager: "static",
    });
  });

  it("decides nothing that is left out", () => {
    for (const command of COMMANDS) assert.deepEqual(parseArguments([command]), { command });
  });

  it("answers a request for help, in general and for each command", () => {
    for (const argv of [[], ["--help"], ["-h"], ["help"]]) {
      assert.deepEqual(parseArguments(argv), { command: "help" });
    }
    for (const command of COMMANDS) {
      assert.deepEqual(parseArguments([command, "--help"]), { command: "help", topic: command });
      assert.deepEqual(parseArguments(["help", command]), { command: "help", topic: command });
      assert.match(helpText(command), new RegExp(`npm run lab -- ${command}`));
      assert.match(helpText(), new RegExp(`^  ${command} `, "m"));
    }
  });

  for (const [line, message] of [
    ["start", /unknown command "start": expected one of up, down, status, kubeconfig/],
    ["up --nodes 3", /unknown option "--nodes"/],
    ["up extra", /unknown option "extra"/],
    ["up --port", /--port needs a value\./],
    ["up --state --port", /--state needs a value, not "--port"/],
    ["up --stack=", /--stack needs a value\./],
    ["up --port 80", /--port must be a whole number from 1024 to 65535, not "80"/],
    ["up --port 1e4", /not "1e4"/],
    ["up --nodes-per-zone -1", /--nodes-per-zone needs a value, not "-1"/],
    ["up --nodes-per-zone 101", /--nodes-per-zone must be a whole number from 0 to 100/],
    ["up --timers slow", /--timers must be real or scaled, not "slow"/],
    ["up --cpu-manager all", /--cpu-manager must be none or static, not "all"/],
    ["up --real zone=0", /--real must be ZONE or ZONE=COUNT, with commas between, not "zone=0"/],
    ["up --real a=4,b=3", /--real asks for 7 nodes: a lab has at most 6/],
    ["down --stack dev", /--stack is for "up" only/],
  ] as const) {
    it(`refuses "${line}" in one sentence`, () => {
      assert.throws(
        () => parseArguments(line.split(" ")),
        (error) => error instanceof UserError && message.test(error.message) && !error.message.includes("\n"),
      );
    });
  }
});
