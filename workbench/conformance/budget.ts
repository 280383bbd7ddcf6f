import type { Result } from "./lines/line";

/** How long the simulator takes for a cancel or its confirmation in the slowest of the lines, in milliseconds. */
export const SIMULATED_DELAY_MS = 700;

/**
 * What the drains that were seen mean for the stack's configuration, where any was complete. A declared budget is a
 * promise of the engine and its exchange; here only the engine's own part was real.
 */
export function budgetInWords(results: readonly Result[]): string | undefined {
  const drains = results.flatMap(({ drainMs }) => (drainMs === undefined ? [] : [drainMs]));
  if (drains.length === 0) return undefined;
  const slowest = Math.max(...drains);
  const own = (slowest / 1000).toFixed(1);
  return (
    `Budget: the slowest complete drain took ${own} s. Declare cancelOrders + confirmations + flush ≥ ${Math.ceil(slowest / 1000)} s, ` +
    `and more for an exchange that takes longer than the simulator's ${SIMULATED_DELAY_MS / 1000} s.`
  );
}
