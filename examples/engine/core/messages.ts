import { createHmac } from "node:crypto";
import { type Fill, type Order, readFill, readOrder } from "./book";
import { fields, list, number, numbers, oneOf, parseJson, text, texts } from "./json";

/** The exchange simulator's protocol: one JSON object a line, over TCP. */

export const ORDER_STATES = ["open", "filled", "cancelled", "rejected", "unknown"] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** Reasons for which the exchange refuses. */
export const CODES = [
  "timestamp",
  "signature",
  "duplicate",
  "fenced",
  "unknown",
  "scripted",
  "account",
] as const;
export type Code = (typeof CODES)[number];

/** Requests that change something carry when they were signed, how long they may travel, and the lease's generation. */
export interface Signed {
  readonly ts: number;
  readonly window: number;
  readonly token: number;
  readonly sig: string;
}

export type Request =
  | ({ readonly op: "hello"; readonly account: string; readonly deadManMs: number } & Signed)
  | ({ readonly op: "order" } & Order & Signed)
  | ({ readonly op: "cancel"; readonly id: string } & Signed)
  | { readonly op: "status"; readonly ids: readonly string[]; readonly sinceFill: number }
  | { readonly op: "ping" };

export interface Status {
  readonly type: "status";
  readonly open: readonly Order[];
  readonly states: Readonly<Record<string, OrderState>>;
  readonly fills: readonly Fill[];
  readonly positions: Readonly<Record<string, number>>;
}

export type Reply =
  | { readonly type: "welcome"; readonly time: number }
  | { readonly type: "accepted"; readonly id: string }
  | { readonly type: "rejected"; readonly id: string; readonly code: Code; readonly time: number }
  | { readonly type: "cancelled"; readonly id: string }
  | { readonly type: "cancel-rejected"; readonly id: string; readonly code: Code; readonly time: number }
  | ({ readonly type: "fill" } & Fill)
  | Status
  | { readonly type: "pong" };

/** Signature over what identifies a request: kind, id, time. */
export function signature(secret: string, op: string, id: string, ts: number): string {
  return createHmac("sha256", secret).update(`${op}|${id}|${ts}`).digest("hex");
}

export function readRequest(line: string): Request {
  const from = fields(parseJson(line), "a request");
  const sign = (): Signed => ({
    ts: number(from, "ts"),
    window: number(from, "window"),
    token: number(from, "token"),
    sig: text(from, "sig"),
  });
  switch (oneOf(from, "op", ["hello", "order", "cancel", "status", "ping"])) {
    case "hello":
      return { op: "hello", account: text(from, "account"), deadManMs: number(from, "deadManMs"), ...sign() };
    case "order":
      return { op: "order", ...readOrder(from), ...sign() };
    case "cancel":
      return { op: "cancel", id: text(from, "id"), ...sign() };
    case "status":
      return { op: "status", ids: texts(from, "ids"), sinceFill: number(from, "sinceFill") };
    case "ping":
      return { op: "ping" };
  }
}

export function readReply(line: string): Reply {
  const from = fields(parseJson(line), "a reply");
  const kinds = [
    "welcome",
    "accepted",
    "rejected",
    "cancelled",
    "cancel-rejected",
    "fill",
    "status",
    "pong",
  ] as const;
  const type = oneOf(from, "type", kinds);
  switch (type) {
    case "welcome":
      return { type, time: number(from, "time") };
    case "accepted":
    case "cancelled":
      return { type, id: text(from, "id") };
    case "rejected":
    case "cancel-rejected":
      return { type, id: text(from, "id"), code: oneOf(from, "code", CODES), time: number(from, "time") };
    case "fill":
      return { type, ...readFill(from) };
    case "status": {
      const states = fields(from["states"], "states");
      return {
        type,
        open: list(from, "open").map((item) => readOrder(fields(item, "an order"))),
        states: Object.fromEntries(Object.keys(states).map((id) => [id, oneOf(states, id, ORDER_STATES)])),
        fills: list(from, "fills").map((item) => readFill(fields(item, "a fill"))),
        positions: numbers(from, "positions"),
      };
    }
    case "pong":
      return { type };
  }
}

/** Cuts a byte stream into lines; a line longer than `limit` is an error, not memory. */
export function lineSplitter(
  onLine: (line: string) => void,
  limit = 8 * 1024 * 1024,
): (chunk: Buffer) => void {
  let rest = "";
  const decoder = new TextDecoder();
  return (chunk) => {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > limit) throw new Error("a line is too long");
    for (const line of lines) if (line !== "") onLine(line);
  };
}
