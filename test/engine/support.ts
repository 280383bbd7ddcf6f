import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VerdictLine } from "../../policy/lib/verdicts";
import { type Engine, type EngineOptions, openEngine, type RunResult } from "../../workbench/offline/harness";

export const ROOT = join(__dirname, "..", "..");
export const PACK = join(ROOT, "policy");

/** Opens a stack of this repository with its own policy pack enforced. */
export function openStack(options: Partial<EngineOptions> = {}): Promise<Engine> {
  return openEngine({ stack: "dev", policyPack: PACK, ...options });
}

/** Opens a stack, and closes it also when the test fails. */
export async function withStack(
  options: Partial<EngineOptions>,
  test: (engine: Engine) => Promise<void>,
): Promise<void> {
  const engine = await openStack(options);
  try {
    await test(engine);
  } finally {
    await engine.close();
  }
}

/** What every rule of the pack said during a run. */
export async function withVerdicts(run: () => Promise<RunResult>): Promise<[RunResult, VerdictLine[]]> {
  const folder = mkdtempSync(join(tmpdir(), "verdicts-"));
  const file = join(folder, "verdicts.jsonl");
  process.env["TRADING_POLICY_VERDICTS"] = file;
  try {
    const result = await run();
    return [result, readLines(file)];
  } finally {
    delete process.env["TRADING_POLICY_VERDICTS"];
    rmSync(folder, { recursive: true, force: true });
  }
}

function readLines(file: string): VerdictLine[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Steps that change something, as `op name`, in the engine's order. */
export function changes({ steps }: RunResult): string[] {
  return steps
    .filter(({ op }) => op !== "same" && op !== "read")
    .map(({ op, urn }) => `${op} ${nameOf(urn)}`);
}

export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

/** The text that a failed expectation should show. */
export function explain(result: RunResult): string {
  return [
    result.stdout,
    result.stderr,
    ...result.violations.map(({ policy, message }) => `${policy}: ${message}`),
  ].join("\n");
}
