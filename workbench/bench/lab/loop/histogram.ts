/**
 * A histogram of times whose buckets are some 3 % wide, whatever the time: exact enough for percentiles from nanoseconds
 * to seconds, small enough to share with another thread, and cheap enough for a loop that turns every hundred nanoseconds.
 */

/** Each power of two is cut into this many buckets of the same width. */
const PARTS = 32;
const PART_BITS = 5;
/** Nanoseconds: two seconds. A longer time is counted as this one. */
const LONGEST = 2 ** 31 - 1;

/** How many buckets there are. */
export const BUCKETS = (31 - PART_BITS) * PARTS + PARTS;

/** The bucket of a time in nanoseconds. */
export function bucketOf(nanoseconds: number): number {
  const value = nanoseconds < LONGEST ? nanoseconds | 0 : LONGEST;
  if (value < PARTS) return Math.max(value, 0);
  const shift = 31 - Math.clz32(value) - PART_BITS;
  return (shift << PART_BITS) + (value >> shift);
}

/** The first nanosecond of a bucket. */
export function startOf(bucket: number): number {
  if (bucket < 2 * PARTS) return bucket;
  const shift = (bucket >> PART_BITS) - 1;
  return (PARTS + (bucket & (PARTS - 1))) * 2 ** shift;
}

/** How many times fell into each bucket; index by index. */
export type Counts = readonly number[];

/** What was counted between two looks at a histogram that only grows. */
export function between(earlier: Counts, later: Counts): number[] {
  return later.map((count, bucket) => count - (earlier[bucket] ?? 0));
}

/** The middle of a bucket, in nanoseconds. */
function middleOf(bucket: number): number {
  return (startOf(bucket) + startOf(bucket + 1)) / 2;
}

/** All counted times together, in nanoseconds. */
export function totalOf(counts: Counts): number {
  return counts.reduce((sum, count, bucket) => sum + count * middleOf(bucket), 0);
}

/** The longest counted time in nanoseconds, to the width of its bucket; 0 when there is none. */
export function longestOf(counts: Counts): number {
  const last = counts.findLastIndex((count) => count > 0);
  return last < 0 ? 0 : startOf(last + 1);
}

/**
 * Percentile by number: the time in nanoseconds that this share of the gaps does not exceed. In a loop that turns ten
 * million times a second it hides all that an order would notice.
 */
export function percentileOfCount(counts: Counts, share: number): number {
  return percentile(counts, share, () => 1);
}

/**
 * Percentile by time: the length in nanoseconds of the gap into which a random moment falls, which this share of all
 * moments does not exceed. An order comes at a random moment.
 */
export function percentileOfTime(counts: Counts, share: number): number {
  return percentile(counts, share, middleOf);
}

function percentile(counts: Counts, share: number, weightOf: (bucket: number) => number): number {
  const weights = counts.map((count, bucket) => count * weightOf(bucket));
  const target = weights.reduce((sum, weight) => sum + weight, 0) * share;
  let sum = 0;
  for (const [bucket, weight] of weights.entries()) {
    sum += weight;
    if (weight > 0 && sum >= target) return startOf(bucket + 1);
  }
  return 0;
}
