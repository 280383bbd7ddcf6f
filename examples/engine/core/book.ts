import { type Fields, fields, list, number, numbers, oneOf, text } from "./json";

export type Side = "buy" | "sell";

/** Quantities are whole lots and prices whole ticks: sums of floats are not money. */
export interface Order {
  readonly id: string;
  readonly market: string;
  readonly side: Side;
  readonly qty: number;
  readonly price: number;
}

export interface Fill extends Order {
  /** Position in the account's sequence of fills, from 1 without gaps. */
  readonly seq: number;
}

export const CLOSINGS = ["cancelled", "rejected", "filled", "never-sent"] as const;
export type Closing = (typeof CLOSINGS)[number];

/** What the log is made of. An `intent` is on disk before its order is sent. */
export type LogRecord =
  | { readonly t: "epoch"; readonly epoch: number }
  | ({ readonly t: "intent"; readonly at: number } & Order)
  | { readonly t: "accepted"; readonly id: string }
  | { readonly t: "closed"; readonly id: string; readonly why: Closing }
  | ({ readonly t: "fill" } & Fill);

export interface OpenOrder extends Order {
  /** Wall clock in milliseconds when it was signed. */
  readonly at: number;
  readonly accepted: boolean;
  readonly filled: number;
}

/** Everything that must survive the process. */
export interface Book {
  readonly epoch: number;
  readonly lastFill: number;
  readonly orders: ReadonlyMap<string, OpenOrder>;
  readonly positions: Readonly<Record<string, number>>;
}

export const EMPTY_BOOK: Book = { epoch: 0, lastFill: 0, orders: new Map(), positions: {} };

/** Has this log ever been used? Then what it does not know of is a fault, not history. */
export function isEmpty(book: Book): boolean {
  return book.epoch === 0;
}

export function signed({ side, qty }: Pick<Order, "side" | "qty">): number {
  return side === "buy" ? qty : -qty;
}

/** One record more. Repeated and late ones change nothing, so that a replay may overlap a snapshot or a status. */
export function apply(book: Book, record: LogRecord): Book {
  switch (record.t) {
    case "epoch":
      return { ...book, epoch: Math.max(book.epoch, record.epoch) };
    case "intent": {
      const { t: _, ...order } = record;
      return withOrder(book, { ...order, accepted: false, filled: 0 });
    }
    case "accepted": {
      const order = book.orders.get(record.id);
      return order === undefined ? book : withOrder(book, { ...order, accepted: true });
    }
    case "closed":
      return without(book, record.id);
    case "fill":
      return fill(book, record);
  }
}

function withOrder(book: Book, order: OpenOrder): Book {
  return { ...book, orders: new Map(book.orders).set(order.id, order) };
}

function without(book: Book, id: string): Book {
  if (!book.orders.has(id)) return book;
  const orders = new Map(book.orders);
  orders.delete(id);
  return { ...book, orders };
}

function fill(book: Book, fill: Fill): Book {
  if (fill.seq <= book.lastFill) return book;
  const positions = { ...book.positions, [fill.market]: (book.positions[fill.market] ?? 0) + signed(fill) };
  const next = { ...book, positions, lastFill: fill.seq };
  const order = book.orders.get(fill.id);
  if (order === undefined) return next;
  const filled = order.filled + fill.qty;
  return filled >= order.qty ? without(next, order.id) : withOrder(next, { ...order, filled });
}

export function readOrder(from: Fields): Order {
  return {
    id: text(from, "id"),
    market: text(from, "market"),
    side: oneOf(from, "side", ["buy", "sell"]),
    qty: number(from, "qty"),
    price: number(from, "price"),
  };
}

export function readFill(from: Fields): Fill {
  return { ...readOrder(from), seq: number(from, "seq") };
}

export function readRecord(value: unknown): LogRecord {
  const from = fields(value, "a record");
  switch (oneOf(from, "t", ["epoch", "intent", "accepted", "closed", "fill"])) {
    case "epoch":
      return { t: "epoch", epoch: number(from, "epoch") };
    case "intent":
      return { t: "intent", ...readOrder(from), at: number(from, "at") };
    case "accepted":
      return { t: "accepted", id: text(from, "id") };
    case "closed":
      return { t: "closed", id: text(from, "id"), why: oneOf(from, "why", CLOSINGS) };
    case "fill":
      return { t: "fill", ...readFill(from) };
  }
}

/** The book as JSON, for a snapshot. */
export function bookToJson(book: Book): unknown {
  return { ...book, orders: [...book.orders.values()] };
}

export function bookFromJson(value: unknown): Book {
  const from = fields(value, "the snapshot");
  const orders = list(from, "orders").map((item): OpenOrder => {
    const order = fields(item, "an order of the snapshot");
    return {
      ...readOrder(order),
      at: number(order, "at"),
      accepted: order["accepted"] === true,
      filled: number(order, "filled"),
    };
  });
  return {
    epoch: number(from, "epoch"),
    lastFill: number(from, "lastFill"),
    orders: new Map(orders.map((order) => [order.id, order])),
    positions: numbers(from, "positions"),
  };
}
