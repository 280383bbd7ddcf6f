/**
 * Quantities with their unit in the type: a bare 50 or 120 cannot be passed where a size or a time is meant.
 * Conversion happens here and nowhere else.
 */

const SIZE_UNITS = { MiB: 1, GiB: 1024, TiB: 1024 * 1024 } as const;
const TIME_UNITS = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const;

type SizeUnit = keyof typeof SIZE_UNITS;
type TimeUnit = keyof typeof TIME_UNITS;

/** A size in binary units, for example `"50 GiB"`. */
export type Size = `${number} ${SizeUnit}`;
/** A span of time, for example `"30 seconds"` or `"1 hour"`. */
export type Duration = `${number} ${TimeUnit | `${TimeUnit}s`}`;
/** A rate of transfer, for example `"125 MiB/s"`. */
export type Throughput = `${number} MiB/s`;

const SIZE = /^([1-9][0-9]*) (MiB|GiB|TiB)$/;
const DURATION = /^([1-9][0-9]*) (second|minute|hour|day)s?$/;
const THROUGHPUT = /^([1-9][0-9]*) MiB\/s$/;

/** Whether the text is a size: a whole positive number, one space, `MiB`, `GiB` or `TiB`. */
export function isSize(value: string): value is Size {
  return SIZE.test(value);
}

/** Whether the text is a duration: a whole positive number, one space, `seconds`, `minutes`, `hours` or `days`. */
export function isDuration(value: string): value is Duration {
  return DURATION.test(value);
}

/** Whether the text is a throughput: a whole positive number, one space, `MiB/s`. */
export function isThroughput(value: string): value is Throughput {
  return THROUGHPUT.test(value);
}

/** Mebibytes in a size. */
export function mebibytes(size: Size): number {
  const [count, unit] = split(size, SIZE);
  return count * SIZE_UNITS[isSizeUnit(unit) ? unit : "MiB"];
}

/** Gibibytes in a size, rounded up: what the EC2 and EBS APIs take. */
export function gibibytes(size: Size): number {
  return Math.ceil(mebibytes(size) / SIZE_UNITS.GiB);
}

/** Seconds in a duration. */
export function seconds(duration: Duration): number {
  const [count, unit] = split(duration, DURATION);
  return count * TIME_UNITS[isTimeUnit(unit) ? unit : "second"];
}

/** MiB/s in a throughput: what the EBS API takes. */
export function mebibytesPerSecond(throughput: Throughput): number {
  return split(throughput, THROUGHPUT)[0];
}

/** The size as a Kubernetes quantity: `"50 GiB"` becomes `50Gi`. */
export function kubernetesQuantity(size: Size): string {
  const [count, unit] = split(size, SIZE);
  return `${count}${unit.slice(0, 2)}`;
}

function split(value: string, pattern: RegExp): [count: number, unit: string] {
  const [, count, unit] = pattern.exec(value) ?? [];
  if (count === undefined) throw new RangeError(`"${value}" is not a quantity with a unit`);
  return [Number(count), unit ?? ""];
}

function isSizeUnit(unit: string): unit is SizeUnit {
  return unit in SIZE_UNITS;
}

function isTimeUnit(unit: string): unit is TimeUnit {
  return unit in TIME_UNITS;
}
