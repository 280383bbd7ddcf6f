import { createHash } from "node:crypto";

/** Source of client order ids. */
export type OrderIds = () => string;

/**
 * The epoch of a new term: above every earlier one, whatever the clock says. The clock is the second guard: with the
 * volume lost the log starts again at nothing, and ids must still be new.
 */
export function nextEpoch(before: number, wallClockMs: number): number {
  return Math.max(before + 1, Math.floor(wallClockMs / 1000));
}

/**
 * Ids `<engine>-<ordinal>-<epoch>-<counter>`, at most 36 characters of those that exchanges allow. The epoch is on disk
 * before the first id is made and is never used again; the counter tells the orders of one epoch apart.
 */
export function orderIds(
  who: { namespace: string; podName: string; ordinal: number },
  epoch: number,
): OrderIds {
  const engine = createHash("sha256").update(`${who.namespace}/${who.podName}`).digest("hex").slice(0, 8);
  const prefix = `${engine}-${who.ordinal}-${epoch.toString(36)}`;
  let counter = 0;
  return () => {
    counter += 1;
    return `${prefix}-${counter.toString(36)}`;
  };
}
