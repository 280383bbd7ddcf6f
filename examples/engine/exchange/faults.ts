import { fields, number, optionalFields } from "../core/json";

/** What the simulated exchange does wrong, or slowly. Everything may be changed while it runs. */
export interface Faults {
  /** Milliseconds until a cancel takes effect. */
  cancelMs: number;
  /** Milliseconds from an effect to the message that confirms it. */
  confirmMs: number;
  /** Rejects each n-th order; 0 none. */
  rejectEvery: number;
  /** Fills each n-th order at once and completely; 0 none. */
  fillEvery: number;
  /** Added to the exchange's clock. */
  skewMs: number;
  /** Takes each request for this much older than it is, as if it had been under way; the clock stays right. */
  lateMs: number;
  /** Cancel everything of an account when its connection closes. */
  cancelOnDisconnect: boolean;
  /** Refuse requests with a token below the highest seen. */
  fencing: boolean;
  /** Closes each connection after its n-th order, before an answer; 0 never. */
  dropAfterOrders: number;
  /** Accept connections and answer nothing. */
  mute: boolean;
}

export const NO_FAULTS: Readonly<Faults> = {
  cancelMs: 0,
  confirmMs: 0,
  rejectEvery: 0,
  fillEvery: 0,
  skewMs: 0,
  lateMs: 0,
  cancelOnDisconnect: true,
  fencing: false,
  dropAfterOrders: 0,
  mute: false,
};

/** A part of {@link Faults} from JSON; a name that does not exist is refused. */
export function readFaults(value: unknown): Partial<Faults> {
  const from = fields(value, "the faults");
  const unknown = Object.keys(from).find((key) => !Object.hasOwn(NO_FAULTS, key));
  if (unknown !== undefined) {
    throw new Error(`"${unknown}" is not a fault; there are ${Object.keys(NO_FAULTS).join(", ")}`);
  }
  const read: Partial<Faults> = {};
  for (const key of [
    "cancelMs",
    "confirmMs",
    "rejectEvery",
    "fillEvery",
    "skewMs",
    "lateMs",
    "dropAfterOrders",
  ] as const) {
    if (from[key] !== undefined) read[key] = number(from, key);
  }
  for (const key of ["cancelOnDisconnect", "fencing", "mute"] as const) {
    const flag = optionalFields(value)[key];
    if (typeof flag === "boolean") read[key] = flag;
    else if (flag !== undefined) throw new Error(`"${key}" is not true or false`);
  }
  return read;
}
