/** What it means that the exchange refused an order for its time. */
export type TimeRefusal = "late" | "look-again" | "wrong-clock";

/**
 * An exchange refuses an order with one word for two faults: our clock is wrong, or the order was under way too long,
 * because a process or a machine stood still. The first must halt the engine. The second is one order less, and a halt
 * for it would last until somebody comes. A single reply that was itself delayed looks like a wrong clock, so two count.
 * @param offsetMs exchange's clock minus ours, by the refusal itself
 * @param suspectMs the same at the refusal before, if that one looked like a wrong clock
 */
export function refusedForTime(
  offsetMs: number,
  suspectMs: number | undefined,
  maxSkewMs: number,
): TimeRefusal {
  if (Math.abs(offsetMs) <= maxSkewMs) return "late";
  return suspectMs === undefined ? "look-again" : "wrong-clock";
}
