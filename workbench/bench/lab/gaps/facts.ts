import type { SubjectName } from "../../../lab/drill/subject";
import { median } from "../../measure";
import { type Counts, longestOf, percentileOfCount, percentileOfTime, totalOf } from "../loop/histogram";

/** Percentiles that are printed, as shares. */
export const SHARES = [0.5, 0.99, 0.999] as const;

/** Times in microseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** What one run saw of the loop. */
export interface GapRun {
  readonly subject: SubjectName;
  readonly qos: string;
  /** CPUs that the loop was allowed, as the kernel lists them. */
  readonly cpus: string;
  /** By time: of the gap into which a random moment falls. */
  readonly moments: Percentiles;
  /** By number: of all gaps alike. */
  readonly turns: Percentiles;
  readonly longest: number;
  /** Share of the time in which the loop could have run, and something else had its CPU. */
  readonly waited: number;
  /** Share of the time that the hypervisor kept from the loop's CPUs. */
  readonly stolen: number;
  /** Share of the time that processes of this machine which are not the lab's had on the CPUs that only pods should use. */
  readonly disturbed: number;
  /** Share of the time that the histogram accounts for: far from 1 it could not be trusted. */
  readonly counted: number;
}

const MICROSECOND = 1000;

/** What a histogram says of a loop. */
export function gapsOf(counts: Counts): Pick<GapRun, "moments" | "turns" | "longest"> {
  const of = (percentile: typeof percentileOfTime): Percentiles => {
    const [p50 = 0, p99 = 0, p999 = 0] = SHARES.map((share) => percentile(counts, share) / MICROSECOND);
    return { p50, p99, p999 };
  };
  return {
    moments: of(percentileOfTime),
    turns: of(percentileOfCount),
    longest: longestOf(counts) / MICROSECOND,
  };
}

/** Share of so many milliseconds that the gaps of a histogram add up to. */
export function countedShare(counts: Counts, milliseconds: number): number {
  return totalOf(counts) / (milliseconds * 1e6);
}

/** The run that other work of the machine disturbed least. What it saw itself has no say. */
export function quietest(runs: readonly GapRun[]): GapRun {
  const [first, ...others] = runs;
  if (first === undefined) throw new Error("there is no run");
  return others.reduce((best, run) => (run.disturbed < best.disturbed ? run : best), first);
}

/** A subject's runs as one: the median of each figure. */
export function medianRun(runs: readonly GapRun[], subject: SubjectName): GapRun {
  const own = runs.filter((run) => run.subject === subject);
  const [first] = own;
  if (first === undefined) throw new Error(`there is no run of ${subject}`);
  const of = (pick: (run: GapRun) => number): number => median(own.map(pick));
  const percentiles = (pick: (run: GapRun) => Percentiles): Percentiles => ({
    p50: of((run) => pick(run).p50),
    p99: of((run) => pick(run).p99),
    p999: of((run) => pick(run).p999),
  });
  return {
    subject,
    qos: first.qos,
    cpus: [...new Set(own.map(({ cpus }) => cpus))].join(" or "),
    moments: percentiles(({ moments }) => moments),
    turns: percentiles(({ turns }) => turns),
    longest: of(({ longest }) => longest),
    waited: of(({ waited }) => waited),
    stolen: of(({ stolen }) => stolen),
    disturbed: of(({ disturbed }) => disturbed),
    counted: of(({ counted }) => counted),
  };
}

/** Microseconds in three significant figures, with the unit that fits. */
export function duration(microseconds: number): string {
  if (microseconds < 1) return `${Math.round(microseconds * 1000)} ns`;
  if (microseconds < 1000) return `${Number(microseconds.toPrecision(3))} µs`;
  return `${Number((microseconds / 1000).toPrecision(3))} ms`;
}

/** A share in percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
