import assert from "node:assert/strict";
import { duration, type GapRun, gapsOf, medianRun, quietest } from "../../../workbench/bench/lab/gaps/facts";
import { neighbour, withLoop } from "../../../workbench/bench/lab/gaps/subjects";
import {
  cpuList,
  cpuUsage,
  elsewhere,
  statusField,
  stolen,
  threadTimes,
} from "../../../workbench/bench/lab/gaps/threads";
import { BUCKETS, bucketOf } from "../../../workbench/bench/lab/loop/histogram";
import { gapSection } from "../../../workbench/bench/lab/results";
import { isMissed } from "../../../workbench/bench/report";
import { type SubjectName, subjectOf } from "../../../workbench/lab/drill/subject";

function run(subject: SubjectName, p999: number): GapRun {
  const percentiles = { p50: 0.1, p99: 1, p999 };
  return {
    ...{ subject, qos: "Guaranteed", cpus: "1", moments: percentiles, turns: percentiles },
    ...{ longest: p999, waited: 0, stolen: 0, disturbed: 0, counted: 1 },
  };
}

describe("the gaps of a loop", () => {
  it("are read in microseconds", () => {
    const counts = Array.from({ length: BUCKETS }, () => 0);
    counts[bucketOf(100)] = 1e6;
    counts[bucketOf(4_000_000)] = 100;
    const { moments, turns, longest } = gapsOf(counts);
    assert.ok(moments.p50 > 3900 && moments.p50 < 4200, String(moments.p50));
    assert.ok(turns.p99 < 0.11 && turns.p99 >= 0.1, String(turns.p99));
    assert.ok(longest > 3900 && longest < 4200, String(longest));
  });

  it("are taken as the median of a subject's own runs", () => {
    const runs = [run("ours", 1), run("ours", 9), run("seed", 100), run("ours", 2)];
    assert.equal(medianRun(runs, "ours").moments.p999, 2);
    assert.equal(medianRun(runs, "seed").moments.p999, 100);
    assert.throws(() => medianRun([run("ours", 1)], "seed"), /no run of seed/);
  });

  it("keep the bound when the seed's is twenty times ours, and miss it just below", () => {
    const [held] = gapSection([run("ours", 10), run("seed", 200)]).results;
    const [missed] = gapSection([run("ours", 10), run("seed", 199)]).results;
    assert.ok(held && missed);
    assert.equal(isMissed(held), false);
    assert.equal(isMissed(missed), true);
  });

  it("are of the run that was disturbed least, whatever it saw", () => {
    const runs = [
      { ...run("ours", 1), disturbed: 0.3 },
      { ...run("ours", 9), disturbed: 0.01 },
      { ...run("ours", 2), disturbed: 0.02 },
    ];
    assert.equal(quietest(runs).moments.p999, 9);
    assert.throws(() => quietest([]), /there is no run/);
  });

  it("are printed with the unit that fits", () => {
    assert.deepEqual([0.0833, 12.345, 4321, 1_234_567].map(duration), [
      "83 ns",
      "12.3 µs",
      "4.32 ms",
      "1230 ms",
    ]);
  });
});

describe("what the kernel says of a thread", () => {
  it("is read from schedstat, stat and status", () => {
    assert.deepEqual(threadTimes("123 456 7\n"), { ran: 123, waited: 456 });
    const stat = "cpu  1 2 3 4 5 6 7 80 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\ncpu1 1 2 3 4 5 6 7 9 0 0\nintr 5\n";
    assert.deepEqual(
      [...stolen(stat)],
      [
        [0, 8],
        [1, 9],
      ],
    );
    assert.equal(statusField("Name:\tnode\nCpus_allowed_list:\t0-1\n", "Cpus_allowed_list"), "0-1");
    assert.deepEqual(cpuUsage("100 200 \n"), [100, 200]);
    assert.equal(elsewhere([100, 200, 70], [10, 150, 70]), 50);
    assert.deepEqual(cpuList("0-1,3\n"), [0, 1, 3]);
    assert.deepEqual(cpuList(""), []);
  });
});

describe("the manifests that are compared", () => {
  for (const name of ["ours", "seed"] as const) {
    it(`are ${name}'s own, but for one replica and the image`, () => {
      const subject = subjectOf(name, "dev");
      const [before, after] = [subject.manifests, withLoop(subject, "loop@sha256:0")].map((list) =>
        JSON.stringify(list),
      );
      const undone = after
        ?.replaceAll("loop@sha256:0", subject.spec.image)
        .replace('"replicas":1', '"replicas":3');
      assert.deepEqual(sorted(JSON.parse(undone ?? "")), sorted(JSON.parse(before ?? "")));
      assert.notEqual(after, before);
    });
  }

  it("have a neighbour without a limit beside them", () => {
    const [, set] = neighbour("loop@sha256:0");
    assert.match(JSON.stringify(set), /"requests":\{"cpu":"100m"/);
    assert.doesNotMatch(JSON.stringify(set), /limits/);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
