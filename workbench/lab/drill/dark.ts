import type { ExchangeReport } from "../engines/exchange";

/** A time without an accepted order, in milliseconds of the exchange's clock. */
export interface Darkness {
  readonly from: number;
  readonly to: number;
}

type Ledger = Pick<ExchangeReport, "entries">;

/**
 * Longest time in seconds without an accepted order, for each market, between two moments of the exchange's clock. A
 * market without any order in between was dark all the time.
 */
export function darkSeconds(
  ledger: Ledger,
  markets: readonly string[],
  from: number,
  to: number,
): ReadonlyMap<string, number> {
  const longest = (times: readonly Darkness[]): number => Math.max(0, ...times.map(millisecondsOf)) / 1000;
  return new Map(
    [...quietTimes(ledger, markets, from, to)].map(([market, times]) => [market, longest(times)]),
  );
}

/** The times longer than `seconds` in which one of an engine's markets had no accepted order. */
export function darknesses(
  ledger: Ledger,
  markets: readonly string[],
  { from, to, seconds }: Darkness & { readonly seconds: number },
): readonly Darkness[] {
  const all = [...quietTimes(ledger, markets, from, to).values()].flat();
  return all.filter((time) => millisecondsOf(time) > seconds * 1000);
}

/** Longest time in seconds for which two of several engines were dark at once. */
export function overlapSeconds(engines: readonly (readonly Darkness[])[]): number {
  const overlaps = engines.flatMap((times, index) =>
    engines
      .slice(index + 1)
      .flat()
      .flatMap((other) => times.map((time) => Math.min(time.to, other.to) - Math.max(time.from, other.from))),
  );
  return Math.max(0, ...overlaps) / 1000;
}

/** Orders that came from a writer whose term had ended, by the tokens that their accounts had shown before. */
export function staleOrders({ entries }: Ledger, from: number): string[] {
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

// What lies between two accepted orders of a market, the first and the last moment included.
function quietTimes(
  { entries }: Ledger,
  markets: readonly string[],
  from: number,
  to: number,
): ReadonlyMap<string, readonly Darkness[]> {
  const marketOf = new Map<string, string>();
  const accepted = new Map<string, number[]>(markets.map((market) => [market, []]));
  for (const { kind, id, market, at } of entries) {
    if (kind === "order" && id !== undefined && market !== undefined) marketOf.set(id, market);
    if (kind === "accepted" && id !== undefined && at >= from && at <= to) {
      accepted.get(marketOf.get(id) ?? "")?.push(at);
    }
  }
  return new Map([...accepted].map(([market, times]) => [market, between([from, ...times, to])]));
}

function between(times: readonly number[]): readonly Darkness[] {
  return times.slice(1).map((to, index) => ({ from: times[index] ?? to, to }));
}

function millisecondsOf({ from, to }: Darkness): number {
  return to - from;
}
