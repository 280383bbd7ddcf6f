import { TIMERS } from "../../lab/timers";
import { formatTable, type Result } from "../report";
import { duration, type GapRun, medianRun, percent } from "./gaps/facts";
import type { Recovery } from "./recovery/run";
import { growth } from "./scale/facts";
import type { ScaleRun } from "./scale/run";

/** A part's figures against their bounds, and what else is to be read of it. */
export interface Section {
  readonly title: string;
  readonly results: readonly Result[];
  readonly text: string;
}

/** How many times shorter the gap of 99.9 % of all moments must be. */
const LEAST_GAP_RATIO = 20;
/** How much dearer a pod may get from 200 of them to 2,000. */
const MOST_GROWTH = 1.25;

const STATISTIC = `A loop that turns every hundred nanoseconds has ten million gaps a second, so a percentile by number ("of
turns") says nothing: a second in which it stood still for 900 ms counts as one gap among a million. An order does not
come at a random turn; it comes at a random moment. The figures "of moments" are what it meets: the length of the gap
into which a random moment falls, so that a gap counts by its length. That is free of coordinated omission, and it is the
figure with the bound. Both are printed.`;

export function gapSection(runs: readonly GapRun[]): Section {
  const [ours, seed] = [medianRun(runs, "ours"), medianRun(runs, "seed")];
  const rounds = runs.length / 2;
  const result: Result = {
    what: "p99.9 loop gap of a random moment, seed ÷ ours",
    value: seed.moments.p999 / ours.moments.p999,
    least: LEAST_GAP_RATIO,
    detail: `${duration(seed.moments.p999)} ÷ ${duration(ours.moments.p999)}, medians of ${rounds} runs`,
  };
  const rows = [ours, seed].map((run) => [
    run.subject,
    `${run.qos}, CPU ${run.cpus}`,
    ...[run.moments.p50, run.moments.p99, run.moments.p999, run.longest].map(duration),
    ...[run.turns.p50, run.turns.p99, run.turns.p999].map(duration),
    ...[run.waited, run.stolen, run.disturbed].map(percent),
  ]);
  const head = [
    ...["whose", "pod", "p50 of moments", "p99", "p99.9", "longest"],
    ...[
      "p50 of turns",
      "p99",
      "p99.9",
      "waited for its CPU",
      "stolen by the hypervisor",
      "other work of this machine",
    ],
  ];
  const each = runs.map(
    ({ subject, moments, longest }) =>
      `${subject} ${duration(moments.p99)} / ${duration(moments.p999)} / ${duration(longest)}`,
  );
  return {
    title: "a. A busy-polling loop beside a noisy neighbour",
    results: [result],
    text: [formatTable([head, ...rows]), STATISTIC, `Runs, p99 / p99.9 / longest: ${each.join("; ")}.`].join(
      "\n\n",
    ),
  };
}

export function scaleSection({ nodes, steps, placement, order, rollOut }: ScaleRun): Section {
  const pods = steps.reduce((sum, step) => sum + step.pods, 0);
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const milliseconds = steps.map((step) => Math.round((1000 * step.seconds) / step.pods));
  const [first] = steps;
  const problems = (what: string, list: readonly string[]): Result => ({
    what,
    value: list.length,
    bound: 0,
    detail: list.slice(0, 3).join("; ") || "none",
  });
  return {
    title: "c. A hundred engines of twenty ordinals",
    results: [
      {
        what: `time per pod, all ${pods} ÷ the first ${first?.pods ?? 0}`,
        value: seconds / pods / ((first?.seconds ?? Number.NaN) / (first?.pods ?? Number.NaN)),
        bound: MOST_GROWTH,
        detail: `${Math.round((1000 * seconds) / pods)} ms ÷ ${milliseconds[0] ?? 0} ms`,
      },
      {
        // The first step also compiles, connects and fills caches: measured against it, growth would hide.
        what: "time per pod, last step ÷ second step",
        value: growth(steps.slice(1)),
        bound: MOST_GROWTH,
        detail: `${milliseconds.join(", ")} ms`,
      },
      problems("engines without a node of their own, or not spread evenly", placement),
      problems("steps of a roll-out out of order", order),
      {
        what: `dark market-seconds, roll-out of ${rollOut.engines} engines`,
        value: rollOut.darkMarketSeconds,
        detail: `by readiness, on simulated nodes: a pod there is gone after 1 s and ready after 2; ${rollOut.seconds.toFixed(0)} s in all`,
      },
    ],
    text: `${nodes} simulated nodes in three zones, as the config parser asks for: an engine's twenty ordinals may put seven into any zone.`,
  };
}

/** Times what a drain must need: the engine's own shutdown, and its successor's own start-up. */
const MOST_DRAIN = 1.5;
/** Seconds that the death of a node may cost beyond what Kubernetes' timers and the engine's start make of it. */
const DEATH_SLACK = 10;

export function recoverySection(all: readonly Recovery[]): Section {
  const [ours, seed] = [recoveryOf(all, "ours"), recoveryOf(all, "seed")];
  const { detection, toleration, start } = ours.timers;
  const { drain } = ours;
  const detach = TIMERS.scaled.attachSeconds;
  const allowed = detection + toleration + detach + start;
  const rows: [string, (of: Recovery) => number][] = [
    ["crash (SIGKILL) → first order", ({ crash }) => crash],
    ["drain → ready", (of) => of.drain.ready],
    ["drain: dark", (of) => of.drain.dark],
    ["node death, fenced → first order", ({ death }) => death],
    ["roll-out of 3: dark market-seconds", ({ roll }) => roll.darkMarketSeconds],
    ["roll-out of 3: whole duration", ({ roll }) => roll.seconds],
  ];
  const table = rows.map(([what, pick]) => [
    what,
    ...[pick(ours), pick(seed)].map((seconds) => `${seconds.toFixed(1)} s`),
    (pick(seed) / pick(ours)).toFixed(2),
  ]);
  return {
    title: "b. Crash, drain, death of a node, roll-out",
    results: [
      {
        what: "drain → ready ÷ (drain + start-up)",
        value: drain.ready / (drain.drain + drain.start),
        bound: MOST_DRAIN,
        detail: `${drain.ready.toFixed(1)} s ÷ (${drain.drain.toFixed(1)} s + ${drain.start.toFixed(1)} s)`,
      },
      {
        what: "node death, fenced: seconds beyond detection + toleration + detach + start",
        value: ours.death - allowed,
        bound: DEATH_SLACK,
        detail: `dark ${ours.death.toFixed(1)} s; ${detection} + ${toleration} + ${detach} + ${start} s, timers scaled`,
      },
      {
        what: "what the drills complain of, ours",
        value: ours.problems.length,
        bound: 0,
        detail: ours.problems.join("; ") || "nothing",
      },
    ],
    text: [
      formatTable([["what", "ours", "seed", "seed ÷ ours"], ...table]),
      `The seed's manifests exactly as published: ${seed.verbatim || "not looked at"}. Here it runs with its overlay of six lines.`,
      `Timers were scaled for both. Of the seed the drills complain: ${seed.problems.join("; ") || "nothing"}.`,
    ].join("\n\n"),
  };
}

function recoveryOf(all: readonly Recovery[], subject: Recovery["subject"]): Recovery {
  const found = all.find((each) => each.subject === subject);
  if (found === undefined) throw new Error(`nothing was measured of ${subject}`);
  return found;
}
