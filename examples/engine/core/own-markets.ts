import type { Book } from "./book";

/**
 * What the log holds in a market that is not in this ordinal's list, in words; undefined when there is nothing. Lists
 * that were swapped show themselves here: another engine trades that market by now, and this one would never again.
 */
export function foreignHolding(book: Book, ordinal: number, markets: readonly string[]): string | undefined {
  const isForeign = (market: string): boolean => !markets.includes(market);
  const list = `which is not in the list of ordinal ${ordinal} (${markets.join(", ")})`;
  const position = Object.entries(book.positions).find(([market, qty]) => qty !== 0 && isForeign(market));
  if (position !== undefined) {
    const [market, qty] = position;
    return `The log holds a position of ${qty} in ${market}, ${list}: put the market back, or close the position first.`;
  }
  const order = [...book.orders.values()].find(({ market }) => isForeign(market));
  return (
    order &&
    `The log holds the open order ${order.id} in ${order.market}, ${list}: put the market back first.`
  );
}
