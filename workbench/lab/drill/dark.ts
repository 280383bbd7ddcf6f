import type { ExchangeReport } from "../engines/exchange";

/**
 * Longest time in seconds without an accepted order, for each market, between two moments of the exchange's clock. A
 * market without any order in between was dark all the time.
 */
export function darkSeconds(
  { entries }: Pick<ExchangeReport, "entries">,
  markets: readonly string[],
  from: number,
  to: number,
): ReadonlyMap<string, number> {
  const marketOf = new Map<string, string>();
  const accepted = new Map<string, number[]>(markets.map((market) => [market, []]));
  for (const { kind, id, market, at } of entries) {
    if (kind === "order" && id !== undefined && market !== undefined) marketOf.set(id, market);
    if (kind === "accepted" && id !== undefined && at >= from && at <= to) {
      accepted.get(marketOf.get(id) ?? "")?.push(at);
    }
  }
  return new Map([...accepted].map(([market, times]) => [market, longestGap([from, ...times, to]) / 1000]));
}

/** Orders that came from a writer whose term had ended, by the tokens that their accounts had shown before. */
export function staleOrders({ entries }: Pick<ExchangeReport, "entries">, from: number): string[] {
  const highest = new Map<string, number>();
  const stale: string[] = [];
  for (const { kind, account, token, id, at } of entries) {
    if (token === undefined) continue;
    const known = highest.get(account) ?? 0;
    if (kind === "order" && token < known && at >= from) stale.push(`${account} ${id ?? ""}`.trim());
    highest.set(account, Math.max(known, token));
  }
  return stale;
}

function longestGap(times: readonly number[]): number {
  return times.slice(1).reduce((longest, time, index) => Math.max(longest, time - (times[index] ?? time)), 0);
}
