import { mayTrade } from "../core/lease-rule";
import { nextEpoch } from "../core/order-ids";
import { foreignHolding } from "../core/own-markets";
import { reconcile } from "../core/reconcile";
import { type Env, readSettings, type Settings } from "../core/settings";
import type { KeeperOptions, Term } from "./lease-keeper";
import { acquire } from "./lease-keeper";
import { type LogOptions, LogStore } from "./log-store";
import type { Session } from "./session";

/** The lines of the engine contract, one part each. The deliberately broken engines of the tests replace one. */
export interface Parts {
  readonly readSettings: (env: Env, readFile: (path: string) => string) => Settings;
  readonly acquire: (options: KeeperOptions, signal: AbortSignal) => Promise<Term | undefined>;
  readonly openLog: (options: LogOptions) => Promise<LogStore>;
  readonly nextEpoch: (before: number, wallClockMs: number) => number;
  readonly reconcile: typeof reconcile;
  readonly foreignHolding: typeof foreignHolding;
  readonly mayTrade: typeof mayTrade;
  readonly placeInOrder: (append: () => Promise<void>, send: () => void) => Promise<void>;
  readonly isReady: (trading: boolean) => boolean;
  readonly drain: (session: Session, until: number) => Promise<number>;
  /** Told of each request to shut down, with how many there were before it. */
  readonly shutdownAsked: (before: number) => void;
}

/** The engine as it should be. */
export const referenceParts: Parts = {
  readSettings,
  acquire,
  openLog: LogStore.open,
  nextEpoch,
  reconcile,
  foreignHolding,
  mayTrade,
  async placeInOrder(append, send) {
    await append();
    send();
  },
  isReady: (trading) => trading,
  drain: (session, until) => session.drain(until),
  shutdownAsked: () => {},
};
