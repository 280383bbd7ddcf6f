import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BUCKETS,
  between,
  bucketOf,
  longestOf,
  percentileOfCount,
  percentileOfTime,
  startOf,
  totalOf,
} from "../../../workbench/bench/lab/loop/histogram";

function countsOf(times: readonly (readonly [nanoseconds: number, count: number])[]): number[] {
  const counts = Array.from({ length: BUCKETS }, () => 0);
  for (const [nanoseconds, count] of times) {
    const bucket = bucketOf(nanoseconds);
    counts[bucket] = (counts[bucket] ?? 0) + count;
  }
  return counts;
}

function isNear(seen: number, wanted: number): void {
  assert.ok(Math.abs(seen - wanted) <= wanted * 0.04, `${seen} is not near ${wanted}`);
}

describe("the histogram of gaps", () => {
  it("puts every time into a bucket that holds it and is at most 4 % wide", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 2 }), (time) => {
        const bucket = bucketOf(time);
        const [from, to] = [startOf(bucket), startOf(bucket + 1)];
        assert.ok(from <= time && time < to, `${time} is not in ${from}–${to}`);
        assert.ok(to - from <= Math.max(1, from / 32), `${from}–${to} is wide`);
      }),
    );
  });

  it("has an index for every bucket, and one for times that are too long", () => {
    assert.equal(bucketOf(2 ** 31 - 1), BUCKETS - 1);
    assert.equal(bucketOf(1e12), BUCKETS - 1);
    assert.equal(bucketOf(-5), 0);
    assert.equal(bucketOf(0.7), 0);
  });

  it("weighs a gap by its length in percentiles of moments, and not in those of turns", () => {
    // One second: 900 ms in turns of 100 ns, and one gap of 100 ms.
    const counts = countsOf([
      [100, 9_000_000],
      [100_000_000, 1],
    ]);
    isNear(percentileOfCount(counts, 0.999), 100);
    isNear(percentileOfTime(counts, 0.5), 100);
    isNear(percentileOfTime(counts, 0.89), 100);
    isNear(percentileOfTime(counts, 0.91), 100_000_000);
    isNear(longestOf(counts), 100_000_000);
    isNear(totalOf(counts), 1e9);
  });

  it("says what came between two looks", () => {
    const [early, late] = [
      countsOf([[100, 5]]),
      countsOf([
        [100, 8],
        [5000, 1],
      ]),
    ];
    assert.deepEqual(
      between(early, late),
      countsOf([
        [100, 3],
        [5000, 1],
      ]),
    );
    assert.equal(longestOf(between(early, early)), 0);
    assert.equal(percentileOfTime(between(early, early), 0.5), 0);
  });
});
