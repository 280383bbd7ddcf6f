import type { Field } from "./field";
import { Malformed } from "./field";

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A Kubernetes quantity in thousandths, so that `2` and `2000m` are the same number.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(text: string): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(text);
  if (match === null) return undefined;
  const [, digits = "", exponent = "", suffix = ""] = match;
  const factor = FACTORS[suffix];
  // Whole thousandths: 0.1 must not become 100.00000000000001.
  return factor === undefined
    ? undefined
    : Math.ceil(Number((Number(`${digits}${exponent}`) * factor * 1000).toPrecision(15)));
}

/** The quantity in a field, in thousandths; `undefined` when it is not set. */
export function quantity(field: Field): number | undefined {
  const text = field.scalar();
  if (text === undefined) return undefined;
  const value = parseQuantity(text);
  if (value === undefined) throw new Malformed(field, 'a Kubernetes quantity such as "2" or "4Gi"');
  return value;
}

/** A count or a percentage of a total, rounded up as the disruption controller does for both of its fields. */
export function scaledCount(field: Field, total: number): number | undefined {
  const text = field.scalar();
  if (text === undefined) return undefined;
  const percent = /^(\d+)%$/.exec(text)?.[1];
  if (percent !== undefined) return Math.ceil((Number(percent) * total) / 100);
  if (/^\d+$/.test(text)) return Number(text);
  throw new Malformed(field, 'a whole number or a percentage such as "50%"');
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Seconds of a Go duration such as `2m30s`, as the kubelet's configuration writes them. */
export function durationSeconds(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g);
  return [...parts].reduce(
    (sum, [, number = "", unit = ""]) => sum + Number(number) * (DURATION_UNITS[unit] ?? 0),
    0,
  );
}
