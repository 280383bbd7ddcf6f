import { apply, type Book, isEmpty, type LogRecord } from "./book";
import type { Status } from "./messages";

export type Verdict =
  | { readonly kind: "agreed"; readonly records: readonly LogRecord[] }
  /** An order may still be on its way: ask again. */
  | { readonly kind: "again"; readonly records: readonly LogRecord[] }
  | { readonly kind: "refuse"; readonly why: string };

/**
 * What the log must learn from the exchange before the next order. Refuses where the two cannot both be right: an
 * empty log beside an open position, an open order that the log never wrote, positions that do not add up.
 */
export function reconcile(
  book: Book,
  fresh: boolean,
  status: Status,
  now: number,
  windowMs: number,
): Verdict {
  if (fresh || isEmpty(book)) {
    const held = heldAtExchange(status);
    if (held !== undefined) {
      return {
        kind: "refuse",
        why: `The log is empty, but the exchange reports ${held}: is this the right volume?`,
      };
    }
  }
  const stranger = status.open.find(({ id }) => !book.orders.has(id));
  if (stranger !== undefined) {
    return {
      kind: "refuse",
      why: `The exchange reports the open order ${stranger.id}, which is not in the log.`,
    };
  }
  const records: LogRecord[] = status.fills.map((fill) => ({ t: "fill", ...fill }));
  let again = false;
  for (const order of book.orders.values()) {
    const state = status.states[order.id] ?? "unknown";
    if (state === "open") {
      if (!order.accepted) records.push({ t: "accepted", id: order.id });
    } else if (state !== "unknown") {
      records.push({ t: "closed", id: order.id, why: state });
    } else if (order.accepted) {
      // Exchanges forget closed orders after a while; whether it was filled, the positions below tell.
      records.push({ t: "closed", id: order.id, why: "cancelled" });
    } else if (now - order.at > windowMs) {
      // Past its window the exchange would refuse it: it can no longer arrive, and it is never sent again.
      records.push({ t: "closed", id: order.id, why: "never-sent" });
    } else {
      again = true;
    }
  }
  const difference = positionsDiffer(records.reduce(apply, book).positions, status.positions);
  if (difference !== undefined) return { kind: "refuse", why: difference };
  return { kind: again ? "again" : "agreed", records };
}

function heldAtExchange({ open, positions }: Status): string | undefined {
  const position = Object.entries(positions).find(([, qty]) => qty !== 0);
  if (position !== undefined) return `a position of ${position[1]} in ${position[0]}`;
  if (open.length > 0) return `${open.length} open order(s)`;
  return undefined;
}

function positionsDiffer(
  ours: Readonly<Record<string, number>>,
  theirs: Readonly<Record<string, number>>,
): string | undefined {
  const market = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].find(
    (name) => (ours[name] ?? 0) !== (theirs[name] ?? 0),
  );
  if (market === undefined) return undefined;
  return `The position in ${market} is ${ours[market] ?? 0} in the log and ${theirs[market] ?? 0} at the exchange.`;
}
