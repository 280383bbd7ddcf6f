/**
 * The single-writer rule. No clock is ever compared with another machine's: the holder counts from the moment before
 * it asked, a candidate from the moment after it first saw; with deadline < duration the holder always stops first.
 */

export interface LeaseRecord {
  /** Empty: released. */
  readonly holder: string;
  /** Grows with every change of term; the fencing token that goes with each order. */
  readonly generation: number;
  readonly durationMs: number;
}

/** A version of the lease, and the monotonic time at which this process first saw it. */
export interface Sighting {
  readonly record: LeaseRecord;
  readonly version: string;
  readonly firstSeen: number;
}

export type Move =
  | { readonly do: "take"; readonly generation: number }
  | { readonly do: "wait"; readonly ms: number };

/** May `me` begin a term? Its own old lease counts as free: `me` names one pod, whose former process is dead. */
export function move(me: string, seen: Sighting | undefined, now: number): Move {
  if (seen === undefined) return { do: "take", generation: 1 };
  const { holder, generation, durationMs } = seen.record;
  const left = seen.firstSeen + durationMs - now;
  if (holder === "" || holder === me || left <= 0) return { do: "take", generation: generation + 1 };
  return { do: "wait", ms: left };
}

/** The same version keeps the time at which it was first seen; a new one starts the wait again. */
export function sight(
  before: Sighting | undefined,
  found: { record: LeaseRecord; version: string },
  now: number,
): Sighting {
  return before?.version === found.version ? before : { ...found, firstSeen: now };
}

/** Monotonic time from which no order may be sent, after a renewal that was asked for at `asked`. */
export function renewDeadline(asked: number, renewDeadlineMs: number): number {
  return asked + renewDeadlineMs;
}

/** Asked immediately before each send. */
export function mayTrade(deadline: number | undefined, now: number): boolean {
  return deadline !== undefined && now < deadline;
}
