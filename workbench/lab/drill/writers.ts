import type { ExchangeReport } from "../engines/exchange";

/** Longer than the exchange takes a connection for alive that says nothing, in milliseconds. */
const ALIVE_MILLISECONDS = 6000;

/**
 * Accounts that two engines used at once after `from`: two of their connections were open, and neither fell silent, for
 * longer than the exchange's dead-man switch waits. A connection whose engine vanished without a word is found out by that
 * switch, and does not count; when an order comes over it after all, it counts again.
 */
export function secondWriters({ entries, now }: ExchangeReport, from: number): string[] {
  const accounts = new Map<string, { readonly alive: Set<number>; since: number; longest: number }>();
  for (const { kind, account, connection, at } of entries) {
    if (connection === undefined) continue;
    const of = accounts.get(account) ?? { alive: new Set<number>(), since: at, longest: 0 };
    accounts.set(account, of);
    const before = of.alive.size;
    if (kind === "disconnected" || kind === "dead-man") of.alive.delete(connection);
    else of.alive.add(connection);
    if (before > 1) of.longest = Math.max(of.longest, at - Math.max(of.since, from));
    if (before <= 1) of.since = at;
  }
  for (const of of accounts.values()) {
    if (of.alive.size > 1) of.longest = Math.max(of.longest, now - Math.max(of.since, from));
  }
  return [...accounts].filter(([, { longest }]) => longest > ALIVE_MILLISECONDS).map(([account]) => account);
}
