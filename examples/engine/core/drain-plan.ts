/** How the drain spends its budget. */
export interface DrainPlan {
  /** Milliseconds from its start until which cancels and confirmations may take. */
  readonly cancelMs: number;
  /** Milliseconds kept for the last fsync, giving the lease back, and leaving. */
  readonly flushMs: number;
}

/** Leaves the flush a tenth of the budget, between 100 ms and 2 s. */
export function drainPlan(budgetMs: number): DrainPlan {
  const flushMs = Math.min(2000, Math.max(100, budgetMs / 10), budgetMs / 2);
  return { cancelMs: budgetMs - flushMs, flushMs };
}

/** Which orders to cancel now: those never asked for, and those without an answer for `retryMs`. */
export function dueCancels(
  open: Iterable<string>,
  asked: ReadonlyMap<string, number>,
  now: number,
  retryMs: number,
): string[] {
  return [...open].filter((id) => {
    const last = asked.get(id);
    return last === undefined || now - last >= retryMs;
  });
}
