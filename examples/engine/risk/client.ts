import { fields, numbers, optionalFields, parseJson, reason, text, texts } from "../core/json";
import { sleep } from "../shell/sleep";

/** What an engine tells the risk engine. */
export interface Positions {
  readonly pod: string;
  readonly markets: readonly string[];
  readonly phase: string;
  readonly positions: Readonly<Record<string, number>>;
  readonly openOrders: readonly string[];
}

/** One engine's answer, or why there was none. */
export type Reading =
  | { readonly url: string; readonly ok: true; readonly attempts: number; readonly positions: Positions }
  | { readonly url: string; readonly ok: false; readonly attempts: number; readonly why: string };

export interface Patience {
  /**
   * Longer than 30 seconds: so long may a resolver repeat that a pod's name does not exist, after the pod has come.
   */
  readonly patienceMs: number;
  readonly retryMs: number;
  readonly timeoutMs: number;
}

export const DEFAULT_PATIENCE: Patience = { patienceMs: 45_000, retryMs: 1000, timeoutMs: 2000 };

/** Asks one engine by its own name until it answers or patience ends. */
export async function readPositions(url: string, patience: Patience = DEFAULT_PATIENCE): Promise<Reading> {
  const start = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    try {
      return { url, ok: true, attempts, positions: await ask(url, patience.timeoutMs) };
    } catch (error) {
      const left = patience.patienceMs - (performance.now() - start);
      if (left <= 0) return { url, ok: false, attempts, why: why(error) };
      await sleep(Math.min(patience.retryMs, left));
    }
  }
}

async function ask(url: string, timeoutMs: number): Promise<Positions> {
  const response = await fetch(new URL("/positions", url), { signal: AbortSignal.timeout(timeoutMs) });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`answered with ${response.status}`);
  const from = fields(parseJson(body), "the answer");
  return {
    pod: text(from, "pod"),
    markets: texts(from, "markets"),
    phase: text(from, "phase"),
    positions: numbers(from, "positions"),
    openOrders: texts(from, "openOrders"),
  };
}

/** fetch hides "connection refused" in a cause. */
function why(error: unknown): string {
  const cause = error instanceof Error ? optionalFields(error.cause)["code"] : undefined;
  return typeof cause === "string" ? cause : reason(error);
}

/** The desk's exposure: positions summed over all engines that answered. */
export function exposure(readings: readonly Reading[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const reading of readings) {
    if (!reading.ok) continue;
    for (const [market, qty] of Object.entries(reading.positions.positions))
      sum[market] = (sum[market] ?? 0) + qty;
  }
  return sum;
}
