import type { TimerSet } from "../timers";
import type { DrillText, Outcome } from "./drill";

/** One line for a drill that ended. */
export function outcomeLine(drill: Pick<DrillText, "id" | "title">, outcome: Outcome): string {
  const dark = outcome.markets.reduce((longest, { darkSeconds }) => Math.max(longest, darkSeconds), 0);
  const verdict = outcome.problems.length === 0 ? "passed" : "FAILED";
  const numbers = `dark ${dark.toFixed(1)} s, lost ${outcome.lost.length}, doubled ${outcome.doubled.length}`;
  const stall =
    outcome.stalledSeconds > 1 ? `; the machine stood still for ${outcome.stalledSeconds.toFixed(1)} s` : "";
  const line = `${verdict}  ${drill.id.padEnd(14)} ${drill.title} (${numbers}; ${outcome.seconds.toFixed(0)} s${stall})`;
  return [line, ...outcome.problems.map((problem) => `          ${problem}`)].join("\n");
}

/** The last lines: how many passed, and with which timers. */
export function closing(outcomes: readonly Outcome[], timers: TimerSet): string {
  const failed = outcomes.filter(({ problems }) => problems.length > 0).length;
  const note =
    timers === "scaled"
      ? "Timers were scaled: a silent node is lost after 8 s instead of 50, its pods are given up after 5 s instead of 30.\n"
      : "";
  return `${note}${outcomes.length - failed} passed, ${failed} failed`;
}

/** The table of drills, for `--list`. */
export function listing(drills: readonly DrillText[]): string {
  return drills
    .map(({ id, title, steps, expectation }) =>
      [
        `${id.padEnd(14)} ${title}`,
        ...steps.map((step) => `                 - ${step}`),
        `                 = ${expectation}`,
      ].join("\n"),
    )
    .join("\n");
}
