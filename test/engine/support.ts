import { join } from "node:path";
import { type Engine, type EngineOptions, openEngine, type RunResult } from "../../workbench/offline/harness";

export { withVerdicts } from "../../workbench/offline/verdicts";

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
