import type { TimerSet } from "../timers";
import type { DrillText, Fact, Outcome } from "./drill";
import type { SubjectName } from "./subject";
import { SEED_VERBATIM } from "./verbatim";

type Named = Pick<DrillText, "id" | "title">;

/** One line for a drill that ended, and one for each thing that was not as expected. */
export function outcomeLine(drill: Named, outcome: Outcome, subject: SubjectName = "ours"): string {
  const dark = outcome.markets.reduce((longest, { darkSeconds }) => Math.max(longest, darkSeconds), 0);
  const numbers = `dark ${dark.toFixed(1)} s, lost ${outcome.lost.length}, doubled ${outcome.doubled.length}`;
  const stall =
    outcome.stalledSeconds > 1 ? `; the machine stood still for ${outcome.stalledSeconds.toFixed(1)} s` : "";
  const line = `${verdict(outcome.problems.length === 0, subject)} ${drill.id.padEnd(14)} ${drill.title} (${numbers}; ${outcome.seconds.toFixed(0)} s${stall})`;
  return [line, ...outcome.problems.map(indented)].join("\n");
}

/** One line for a drill that the seed cannot be put through, and why. */
export function notDoneLine(drill: Named, why: string): string {
  return `${"n/a".padEnd(VERDICT)} ${drill.id.padEnd(14)} ${drill.title}\n${indented(why)}`;
}

/** What became of the seed as it was published. */
export function verbatimLines(facts: readonly Fact[]): string {
  const broken = facts.filter(({ holds }) => !holds);
  const { id, title } = SEED_VERBATIM;
  const line = `${verdict(broken.length === 0, "seed")} ${id.padEnd(14)} ${title}`;
  return [
    line,
    ...broken.map(({ what, expected, seen }) => indented(`${what}: expected ${expected}, saw ${seen}`)),
  ].join("\n");
}

/** The last lines: how many passed, and with which timers. */
export function closing(
  outcomes: readonly Outcome[],
  timers: TimerSet,
  subject: SubjectName = "ours",
): string {
  const failed = outcomes.filter(({ problems }) => problems.length > 0).length;
  const pods = subject === "ours" ? "5 s instead of 30" : "50 s instead of 300";
  const note =
    timers === "scaled"
      ? `Timers were scaled: a silent node is lost after 8 s instead of 50, its pods are given up after ${pods}.\n`
      : "";
  const held = outcomes.length - failed;
  return `${note}${subject === "ours" ? `${held} passed, ${failed} failed` : `the seed held in ${held}, broke in ${failed}`}`;
}

/** The table of drills, for `--list`. */
export function listing(drills: readonly DrillText[]): string {
  return drills
    .map(({ id, title, steps, expectation, notOnSeed }) =>
      [
        `${id.padEnd(14)} ${title}`,
        ...steps.map((step) => `                 - ${step}`),
        `                 = ${expectation}`,
        ...(notOnSeed === undefined ? [] : [`                 not on the seed: ${notOnSeed}`]),
      ].join("\n"),
    )
    .join("\n");
}

/** Width of a verdict: the words below have it. */
const VERDICT = 7;

function verdict(isGood: boolean, subject: SubjectName): string {
  const words = subject === "ours" ? (["passed", "FAILED"] as const) : (["held", "BROKE"] as const);
  return words[isGood ? 0 : 1].padEnd(VERDICT);
}

function indented(line: string): string {
  return `          ${line}`;
}
