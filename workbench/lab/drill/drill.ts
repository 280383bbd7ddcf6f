import type { Stage } from "./stage";

/** One thing that a drill looked at. */
export interface Fact {
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly holds: boolean;
}

/** What a drill says of itself besides what the exchange saw. */
export interface Observation {
  readonly facts: readonly Fact[];
  /** Ordinals whose markets go dark; the others must not. */
  readonly touched: readonly number[];
}

/** A failure that is made on purpose, and what must come of it; `Where` is what it is made on. */
export interface Drill<Where = Stage> {
  /** As in the reference's list of faults (R1 …), or a word of its own. */
  readonly id: string;
  /** Other faults of the reference's list that it shows on the way. */
  readonly covers?: readonly string[];
  readonly title: string;
  readonly steps: readonly string[];
  readonly expectation: string;
  /**
   * Longest time in seconds without an accepted order that a market may have. A market that the drill does not touch
   * may have {@link UNTOUCHED}.
   */
  readonly darkBound: (timers: DrillTimers) => number;
  /** Why it cannot be done on the seed's manifests. */
  readonly notOnSeed?: string;
  /** What a reader must know of the seed's result to read it right. */
  readonly seedNote?: string;
  /** Whether it needs the whole stack under Pulumi, and not only its engines. */
  readonly needsStack?: boolean;
  readonly run: (stage: Where) => Promise<Observation>;
}

/** What a drill says of itself, wherever it runs. */
export type DrillText = Omit<Drill, "run">;

/** What a drill's times are made of, in seconds. */
export interface DrillTimers {
  /** From a node's last heartbeat until it counts as lost. */
  readonly detection: number;
  /** From then until its pods are given up. */
  readonly toleration: number;
  /** From the deletion of a pod that is given up until its replacement may start. */
  readonly collection: number;
  /** From a pod's creation to its first order, on this machine. */
  readonly start: number;
  /** Of the lease of an engine that did not give it back. */
  readonly lease: number;
}

/** Seconds between two orders of a market that nothing happens to: an order each second, and a busy machine. */
export const UNTOUCHED = 5;

/** What became of a market while a drill ran. */
export interface MarketOutcome {
  readonly market: string;
  readonly ordinal: number;
  readonly darkSeconds: number;
}

/** What became of the orders. */
export interface OrderOutcome {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Accounts that two engines used at once. */
  readonly secondWriters: readonly string[];
}

export interface Outcome extends OrderOutcome {
  readonly id: string;
  readonly seconds: number;
  readonly facts: readonly Fact[];
  readonly touched: readonly number[];
  readonly markets: readonly MarketOutcome[];
  /** Longest time in seconds for which this machine itself stood still: it says nothing of the stack. */
  readonly stalledSeconds: number;
  readonly problems: readonly string[];
}

/** What is wrong with a drill's outcome, in words; nothing when it passed. */
export function problemsOf(
  drill: Pick<Drill, "darkBound">,
  timers: DrillTimers,
  outcome: Omit<Outcome, "id" | "seconds" | "problems">,
): string[] {
  const { lost, doubled, secondWriters, facts, touched, markets, stalledSeconds } = outcome;
  const bound = drill.darkBound(timers);
  return [
    ...facts
      .filter(({ holds }) => !holds)
      .map(({ what, expected, seen }) => `${what}: expected ${expected}, saw ${seen}`),
    ...lost.map((order) => `order lost: ${order}`),
    ...doubled.map((order) => `order doubled: ${order}`),
    ...secondWriters.map((account) => `two engines at once in the account of ${account}`),
    ...markets.flatMap(({ market, ordinal, darkSeconds }) => {
      const limit = (touched.includes(ordinal) ? Math.max(bound, UNTOUCHED) : UNTOUCHED) + stalledSeconds;
      return darkSeconds > limit
        ? [`${market} was dark for ${darkSeconds.toFixed(1)} s, bound ${limit.toFixed(1)} s`]
        : [];
    }),
    ...(facts.length === 0 ? ["the drill looked at nothing"] : []),
  ];
}

/** Whether a drill that failed may be tried again: a busy machine costs time, but it neither loses orders nor doubles them. */
export function mayBeTime({ problems, lost, doubled, secondWriters }: Outcome): boolean {
  return problems.length > 0 && [lost, doubled, secondWriters].every((list) => list.length === 0);
}

/** A fact that holds when both texts are the same. */
export function same(what: string, expected: unknown, seen: unknown): Fact {
  const words = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  return { what, expected: words(expected), seen: words(seen), holds: words(expected) === words(seen) };
}

/** A fact that holds or not, with what was seen. */
export function check(what: string, holds: boolean, seen: unknown): Fact {
  return { what, expected: "yes", seen: holds ? "yes" : JSON.stringify(seen), holds };
}
