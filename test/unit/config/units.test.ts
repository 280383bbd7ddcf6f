import assert from "node:assert/strict";
import { constantFrom, integer, property } from "fast-check";
import {
  gibibytes,
  isDuration,
  isSize,
  isThroughput,
  kubernetesQuantity,
  mebibytes,
  mebibytesPerSecond,
  type Size,
  seconds,
} from "../../../config/units";
import { holds } from "../tuning/holds";

describe("units", () => {
  const sizes = [
    { text: "1 MiB", mebibytes: 1, gibibytes: 1, quantity: "1Mi" },
    { text: "1500 MiB", mebibytes: 1500, gibibytes: 2, quantity: "1500Mi" },
    { text: "1 GiB", mebibytes: 1024, gibibytes: 1, quantity: "1Gi" },
    { text: "50 GiB", mebibytes: 51_200, gibibytes: 50, quantity: "50Gi" },
    { text: "2 TiB", mebibytes: 2_097_152, gibibytes: 2048, quantity: "2Ti" },
  ] as const;
  for (const { text, ...expected } of sizes)
    it(`size ${text}`, () => {
      assert.equal(mebibytes(text), expected.mebibytes);
      assert.equal(gibibytes(text), expected.gibibytes);
      assert.equal(kubernetesQuantity(text), expected.quantity);
    });

  const durations = [
    ["1 second", 1],
    ["90 seconds", 90],
    ["1 minute", 60],
    ["5 minutes", 300],
    ["2 hours", 7200],
    ["30 days", 2_592_000],
  ] as const;
  for (const [text, expected] of durations)
    it(`duration ${text}`, () => assert.equal(seconds(text), expected));

  it("throughput 125 MiB/s", () => assert.equal(mebibytesPerSecond("125 MiB/s"), 125));

  it("a size never shrinks on its way to EBS, and grows by less than one GiB", () => {
    holds(
      property(integer({ min: 1, max: 1e6 }), constantFrom("MiB", "GiB", "TiB"), (count, unit) => {
        const size: Size = `${count} ${unit}`;
        const grown = gibibytes(size) * 1024 - mebibytes(size);
        assert.ok(grown >= 0 && grown < 1024, `${size} grew by ${grown} MiB`);
      }),
      { numRuns: 50 },
    );
  });

  const wrongSizes = [
    "",
    "50",
    "50GiB",
    "50 GB",
    "50 gib",
    "0 GiB",
    "-1 GiB",
    "1.5 GiB",
    " 1 GiB",
    "1 GiB ",
    "1e3 GiB",
    "05 GiB",
    "1  GiB",
    "1 GiB\n",
  ];
  for (const text of wrongSizes)
    it(`${JSON.stringify(text)} is no size`, () => assert.equal(isSize(text), false));

  const wrongDurations = [
    "30",
    "30s",
    "30 s",
    "30 sec",
    "0 seconds",
    "1.5 minutes",
    "1 week",
    "PT30S",
    "-5 seconds",
    "30 Seconds",
  ];
  for (const text of wrongDurations)
    it(`${JSON.stringify(text)} is no duration`, () => assert.equal(isDuration(text), false));

  for (const text of ["125", "125 MB/s", "125MiB/s", "0 MiB/s", "125 MiB", "1 GiB/s"])
    it(`${JSON.stringify(text)} is no throughput`, () => assert.equal(isThroughput(text), false));
});
