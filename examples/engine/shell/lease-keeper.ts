import { reason } from "../core/json";
import { type LeaseRecord, mayTrade, move, renewDeadline, type Sighting, sight } from "../core/lease-rule";
import type { Settings } from "../core/settings";
import type { LeaseStore, StoredLease } from "./lease-store";
import type { Say } from "./say";
import { sleep } from "./sleep";

/** Monotonic milliseconds. It goes on while the process is stopped; it does not jump when the date is set. */
export type Clock = () => number;

/** One tenure of the lease: from its acquisition to its loss or return. */
export interface Term {
  /** Fencing token of every order of this term. */
  readonly generation: number;
  /** Monotonic time from which no order may be sent; undefined once the term is over. */
  deadline(): number | undefined;
  /** Resolves once, when the term is over, with why. */
  readonly lost: Promise<string>;
  /** Ends the term and, if it is still ours, gives the lease back so that the next holder need not wait. */
  release(): Promise<void>;
}

export interface KeeperOptions {
  readonly store: LeaseStore;
  readonly identity: string;
  readonly times: Pick<Settings["lease"], "durationMs" | "renewDeadlineMs" | "retryMs">;
  readonly clock: Clock;
  readonly say: Say;
}

/** Waits until the lease is ours; undefined when `signal` ends the wait. */
export async function acquire(options: KeeperOptions, signal: AbortSignal): Promise<Term | undefined> {
  const { store, identity, times, clock, say } = options;
  let seen: Sighting | undefined;
  let waitingFor: string | undefined;
  while (!signal.aborted) {
    try {
      const found = await store.read(times.retryMs);
      seen = found === undefined ? undefined : sight(seen, found, clock());
      const next = move(identity, seen, clock());
      if (next.do === "take") {
        const asked = clock();
        const record = { holder: identity, generation: next.generation, durationMs: times.durationMs };
        const stored = await store.write(record, found?.version, times.retryMs);
        if (stored !== undefined) {
          say("info", "The lease is held.", { generation: next.generation, holder: identity });
          return new HeldTerm(options, stored, renewDeadline(asked, times.renewDeadlineMs));
        }
      } else if (waitingFor !== seen?.record.holder) {
        waitingFor = seen?.record.holder;
        say("info", "Another holds the lease; waiting.", { holder: waitingFor });
      }
    } catch (error) {
      say("warn", "The lease cannot be read or written.", { why: reason(error) });
    }
    await sleep(times.retryMs, signal);
  }
  return undefined;
}

class HeldTerm implements Term {
  readonly lost: Promise<string>;
  readonly #options: KeeperOptions;
  readonly #record: LeaseRecord;
  readonly #stop = new AbortController();
  #version: string;
  #deadline: number | undefined;
  #end: (why: string) => void = () => {};
  readonly #renewing: Promise<void>;

  constructor(options: KeeperOptions, stored: StoredLease, deadline: number) {
    this.#options = options;
    this.#record = stored.record;
    this.#version = stored.version;
    this.#deadline = deadline;
    this.lost = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#renewing = this.#renew();
  }

  get generation(): number {
    return this.#record.generation;
  }

  deadline(): number | undefined {
    return this.#deadline;
  }

  async release(): Promise<void> {
    const { store, clock, times } = this.#options;
    this.#stop.abort();
    await this.#renewing;
    if (!mayTrade(this.#deadline, clock())) return;
    this.#over("released");
    await store.write({ ...this.#record, holder: "" }, this.#version, times.retryMs).catch(() => undefined);
  }

  #over(why: string): void {
    this.#deadline = undefined;
    this.#end(why);
  }

  async #renew(): Promise<void> {
    const { clock, times, say } = this.#options;
    while (this.#deadline !== undefined) {
      const left = this.#deadline - clock();
      if (left <= 0) return this.#over("its renew deadline passed");
      await sleep(Math.min(times.retryMs, left), this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      if (!mayTrade(this.#deadline, clock())) continue;
      try {
        if (!(await this.#renewOnce(Math.min(times.retryMs, this.#deadline - clock())))) {
          return this.#over("another holder took it");
        }
      } catch (error) {
        say("warn", "The lease was not renewed.", { why: reason(error), msLeft: Math.round(left) });
      }
    }
  }

  /** false: the lease has another holder. */
  async #renewOnce(timeoutMs: number): Promise<boolean> {
    const { store, clock, times, identity } = this.#options;
    const asked = clock();
    const stored = await store.write(this.#record, this.#version, timeoutMs);
    if (stored !== undefined) {
      this.#version = stored.version;
      // An answer that comes after the deadline does not bring a term back: the engine has begun to cancel.
      if (mayTrade(this.#deadline, clock())) this.#deadline = renewDeadline(asked, times.renewDeadlineMs);
      return true;
    }
    const found = await store.read(timeoutMs);
    const ours = found?.record.holder === identity && found.record.generation === this.#record.generation;
    // A renewal whose answer was lost is ours under a version that we do not know yet.
    if (found !== undefined && ours) this.#version = found.version;
    return ours;
  }
}
