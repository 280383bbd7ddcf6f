import assert from "node:assert/strict";
import { parseConfig } from "../../../config/parse";
import { ConfigError } from "../../../config/problems";
import { rawStack, type Stack } from "../../support/stack-files";
import { setAt } from "../../support/values";
import { type BadConfig, ENGINE_CONFIGS } from "./bad-configs";
import { PLATFORM_CONFIGS } from "./bad-platforms";

const BAD_CONFIGS: readonly BadConfig[] = [...ENGINE_CONFIGS, ...PLATFORM_CONFIGS];

/** Where a key that nobody knows may stand. */
const LEVELS = [
  "",
  "residency",
  "protection",
  "network",
  "cluster",
  "cluster.endpoint",
  "cluster.addons",
  "cluster.systemNodes",
  "nodes",
  "nodes.ami",
  "storage",
  "storage.snapshots",
  "engines.trading-engine",
  "engines.trading-engine.shutdown",
];

const LINE = /^\S.*?: .+ \(got .+\)$/;
const REMEDY =
  /\b(must|use|choose|give|remove|raise|add|set|correct|leave|take|clear|shorten|pin|deploy|replicate|name)\b/i;
const ZOD_DEFAULT = /Invalid|Too (small|big)|expected|received|Unrecognized/;

describe("a wrong stack file", () => {
  for (const { what, edit, path, problem, got } of BAD_CONFIGS)
    it(what, () => {
      const lines = problemsOf("dev", edit);
      const line = lines.find((one) => one.startsWith(`${path}: `));
      assert.ok(line, `no line for ${path} in:\n${lines.join("\n")}`);
      assert.ok(line.includes(problem), `"${problem}" is not in: ${line}`);
      assert.ok(line.includes(`(got ${got}`), `(got ${got}…) is not in: ${line}`);
      assert.equal(lines.length, 1, `one mistake, and more than one problem:\n${lines.join("\n")}`);
    });

  for (const level of LEVELS)
    it(`unknown key in ${level || "the stack file"}`, () => {
      const path = level === "" ? "colour" : `${level}.colour`;
      const [line = "", ...others] = problemsOf("dev", { [path]: "blue" });
      assert.ok(line.startsWith(`${path}: unknown key`), line);
      assert.ok(line.endsWith('(got "blue")'), line);
      assert.deepEqual(others, []);
    });

  it("unknown key that every object inherits", () => {
    const [line = ""] = problemsOf("dev", { constructor: "blue" });
    assert.match(line, /^constructor: unknown key/);
  });

  it("names the engines that find no slot", () => {
    const [line = ""] = problemsOf("dev", { "nodes.zones": ["eu-central-1a"] });
    assert.match(line, /1 slots in 1 zones for 3 engine pods of trading-engine, which need 3 slots a zone/);
  });

  it("credentials on a cluster where no pod gets an AWS identity", () => {
    const secret = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:exchange/x-AbCdEf";
    const [line = ""] = problemsOf("local", {
      "engines.trading-engine.markets": [["BTCUSDT"]],
      "engines.trading-engine.credentials.BTCUSDT": secret,
    });
    assert.match(line, /^engines\.trading-engine\.credentials: need EKS/);
  });
});

describe("the message for a wrong stack file", () => {
  it("has one line a problem, each with path, remedy and value", () => {
    for (const { what, edit } of BAD_CONFIGS)
      for (const line of problemsOf("dev", edit)) {
        assert.match(line, LINE, what);
        assert.match(line, REMEDY, what);
        assert.doesNotMatch(line, ZOD_DEFAULT, what);
      }
  });

  it("says first how much is wrong, and that nothing was registered", () => {
    const error = errorOf("dev", { "network.cidr": "8.8.0.0/16" });
    assert.equal(error.message.split("\n")[0], "the stack's config has 1 problem; nothing was registered:");
  });

  it("names every problem of every section at once", () => {
    const lines = problemsOf("dev", {
      region: "us-east-1",
      accountId: 1,
      "network.cidr": "10.40.0.0/24",
      "cluster.version": 1.35,
      "nodes.tuning": "max",
      "storage.iops": 1,
      "engines.trading-engine.cpus": 1.5,
      "engines.Other": "none",
      colour: "blue",
    });
    const paths = lines.map((line) => line.slice(0, line.indexOf(": ")));
    for (const path of [
      "colour",
      "region",
      "accountId",
      "network.cidr",
      "network.zones[0]",
      "cluster.version",
      "nodes.tuning",
      "storage.iops",
      "engines.trading-engine.cpus",
      "engines.Other",
    ])
      assert.ok(paths.includes(path), `${path} is not among ${paths.join(", ")}`);
  });

  it("keeps long values short", () => {
    const [line = ""] = problemsOf("dev", { "engines.trading-engine.image": "x".repeat(500) });
    assert.ok(line.length < 300, line);
  });

  it("says of an empty stack file what every section must be", () => {
    const error = parseFailure({});
    assert.deepEqual(error.problems.map(({ path }) => path).sort(), [
      "accountId",
      "cluster",
      "engines",
      "environment",
      "network",
      "nodes",
      "region",
      "residency",
      "storage",
    ]);
  });
});

function problemsOf(stack: Stack, edit: Readonly<Record<string, unknown>>): string[] {
  return errorOf(stack, edit)
    .message.split("\n")
    .slice(1)
    .map((line) => line.trim());
}

function errorOf(stack: Stack, edit: Readonly<Record<string, unknown>>): ConfigError {
  const raw = rawStack(stack);
  for (const [path, value] of Object.entries(edit)) setAt(raw, path, value);
  return parseFailure(raw);
}

function parseFailure(raw: Record<string, unknown>): ConfigError {
  try {
    parseConfig(raw);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the config was accepted");
}
