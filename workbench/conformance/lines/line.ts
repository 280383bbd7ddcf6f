import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../../examples/engine/shell/sleep";
import { type Bench, type Engine, status } from "../bench";
import { until } from "../process";

export type Verdict = "PASS" | "FAIL" | "SKIP";

export interface Result {
  readonly verdict: Verdict;
  readonly reason: string;
  /** Milliseconds from the request to stop until the end, where a drain was to be complete. */
  readonly drainMs?: number;
}

/** One line of the engine contract, and how it is checked. */
export interface Line {
  readonly id: string;
  /** The promise, in the words of docs/engine-contract.md. */
  readonly promise: string;
  /** Runs in a bench of its own, so that no line leans on another. */
  readonly check: (bench: Bench) => Promise<Result>;
  /** The lines that only need to see it start, and are checked even if it never trades. */
  readonly withoutTrading?: true;
}

export const pass = (reason = ""): Result => ({ verdict: "PASS", reason });
export const fail = (reason: string): Result => ({ verdict: "FAIL", reason });
export const skip = (reason: string): Result => ({ verdict: "SKIP", reason });

export { sleep };

/** Starts an engine that should not trade, and watches it for a while after it is up. */
export async function watchIdle(
  bench: Bench,
  env: Readonly<Record<string, string>> = {},
  ms = 700,
): Promise<{ engine: Engine; ready: boolean; orders: number }> {
  const before = bench.orders().length;
  const engine = await bench.start(env);
  await until("an engine that is up", bench.times.startMs, async () => {
    return engine.exit !== undefined || (await status(`${engine.url}/health`)) === 200;
  });
  let ready = false;
  for (const end = performance.now() + ms; performance.now() < end && engine.exit === undefined; ) {
    ready ||= (await status(`${engine.url}/ready`)) === 200;
    await sleep(30);
  }
  return { engine, ready, orders: bench.orders().length - before };
}

/** Judges an engine that had a reason not to trade. */
export function mustBeIdle(seen: { ready: boolean; orders: number }, because: string): Result {
  if (seen.orders > 0) return fail(`It sent ${seen.orders} order(s) ${because}.`);
  if (seen.ready) return fail(`/ready answered 200 ${because}.`);
  return pass();
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Files of the volume, whatever the engine calls them. */
export function files(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
