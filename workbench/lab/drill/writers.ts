import type { ExchangeReport } from "../engines/exchange";

/** Silence in milliseconds after which the exchange takes a connection for dead, and a little more. */
const ALIVE_MILLISECONDS = 6000;

/**
 * Accounts that two engines used at once after `from`: two of their connections were open, and neither fell silent, for
 * longer than the exchange's dead-man switch waits. A connection whose engine vanished without a word is found out by that
 * switch, and does not count.
 */
export function secondWriters({ entries, now }: ExchangeReport, from: number): string[] {
  const accounts = new Map<string, { open: number; silent: number; since: number; longest: number }>();
  const settle = (of: { open: number; silent: number; since: number; longest: number }, at: number): void => {
    if (of.open - of.silent > 1) of.longest = Math.max(of.longest, at - Math.max(of.since, from));
  };
  for (const { kind, account, at } of entries) {
    const of = accounts.get(account) ?? { open: 0, silent: 0, since: at, longest: 0 };
    accounts.set(account, of);
    if (kind !== "connected" && kind !== "disconnected" && kind !== "dead-man") continue;
    settle(of, at);
    const before = of.open - of.silent;
    if (kind === "connected") of.open += 1;
    if (kind === "disconnected") of.open = Math.max(0, of.open - 1);
    // Whose connection it was is not said: the silent one is the likelier one to close.
    of.silent = Math.max(
      0,
      Math.min(of.open, of.silent + (kind === "dead-man" ? 1 : kind === "disconnected" ? -1 : 0)),
    );
    if (before <= 1) of.since = at;
  }
  for (const of of accounts.values()) settle(of, now);
  return [...accounts].filter(([, { longest }]) => longest > ALIVE_MILLISECONDS).map(([account]) => account);
}
