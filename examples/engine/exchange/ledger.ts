import { type Fill, type Order, signed } from "../core/book";
import type { Code, OrderState } from "../core/messages";

/** One thing that happened, as the exchange saw it. */
export interface Entry {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly kind:
    | "connected"
    | "disconnected"
    | "order"
    | "accepted"
    | "rejected"
    | "duplicate"
    | "cancel"
    | "cancelled"
    | "confirmed"
    | "dead-man"
    | "status"
    | "fill";
  readonly account: string;
  /** Number of the connection over which it came: two engines of one account have one each. */
  readonly connection?: number;
  readonly id?: string;
  readonly market?: string;
  readonly token?: number;
  readonly code?: Code;
}

interface Account {
  readonly orders: Map<string, { order: Order; state: OrderState }>;
  readonly fills: Fill[];
  readonly positions: Record<string, number>;
  highestToken: number;
}

/** What an engine says of itself, to be compared. */
export interface EngineView {
  readonly positions: Readonly<Record<string, number>>;
  readonly openOrders: readonly string[];
}

export interface Audit {
  /** Open here and unknown to the engine: nobody would ever cancel them. */
  readonly lost: readonly string[];
  /** Open to the engine and closed here. */
  readonly ghosts: readonly string[];
  /** Ids that came more than once. */
  readonly sentTwice: readonly string[];
  /** Markets whose position differs. */
  readonly positionsDiffer: readonly string[];
}

/** The exchange's own books: the oracle for "no order lost, none sent twice". */
export class Ledger {
  readonly entries: Entry[] = [];
  readonly #accounts = new Map<string, Account>();

  note(entry: Omit<Entry, "at">): void {
    this.entries.push({ at: performance.now(), ...entry });
  }

  account(name: string): Account {
    const found = this.#accounts.get(name);
    if (found !== undefined) return found;
    const made: Account = { orders: new Map(), fills: [], positions: {}, highestToken: 0 };
    this.#accounts.set(name, made);
    return made;
  }

  open(name: string): Order[] {
    return [...this.account(name).orders.values()]
      .filter(({ state }) => state === "open")
      .map(({ order }) => order);
  }

  state(name: string, id: string): OrderState {
    return this.account(name).orders.get(id)?.state ?? "unknown";
  }

  close(name: string, id: string, state: OrderState): void {
    const found = this.account(name).orders.get(id);
    if (found !== undefined) found.state = state;
  }

  fill(name: string, order: Order): Fill {
    const account = this.account(name);
    const fill = { ...order, seq: account.fills.length + 1 };
    account.fills.push(fill);
    account.positions[order.market] = (account.positions[order.market] ?? 0) + signed(order);
    this.close(name, order.id, "filled");
    return fill;
  }

  /** Entries of one kind, and of one account if it is named. */
  of(kind: Entry["kind"], account?: string): Entry[] {
    return this.entries.filter(
      (entry) => entry.kind === kind && (account === undefined || entry.account === account),
    );
  }

  audit(name: string, engine: EngineView): Audit {
    const open = this.open(name).map(({ id }) => id);
    const { positions } = this.account(name);
    const markets = new Set([...Object.keys(positions), ...Object.keys(engine.positions)]);
    return {
      lost: open.filter((id) => !engine.openOrders.includes(id)),
      ghosts: engine.openOrders.filter((id) => !open.includes(id)),
      sentTwice: this.of("duplicate", name).flatMap(({ id }) => id ?? []),
      positionsDiffer: [...markets].filter(
        (market) => (positions[market] ?? 0) !== (engine.positions[market] ?? 0),
      ),
    };
  }

  /** Everything for a report, as JSON. */
  report(): unknown {
    return {
      now: performance.now(),
      accounts: Object.fromEntries(
        [...this.#accounts].map(([name, { orders, fills, positions, highestToken }]) => [
          name,
          {
            orders: orders.size,
            open: this.open(name).map(({ id }) => id),
            fills: fills.length,
            positions,
            highestToken,
            sentTwice: this.of("duplicate", name).map(({ id }) => id),
          },
        ]),
      ),
      entries: this.entries,
    };
  }
}

/** Nothing lost, nothing doubled, nothing imagined. */
export function isClean(audit: Audit): boolean {
  return Object.values(audit).every((list) => list.length === 0);
}
