import { z } from "zod";
import type { Outcome } from "../lab/drill/drill";
import type { SubjectName } from "../lab/drill/subject";

const subjectSchema = z.enum(["ours", "seed"] satisfies SubjectName[]);
const timersSchema = z.enum(["real", "scaled"]);

/** What one drill showed in one round. */
export const roundSchema = z.object({
  round: z.number(),
  started: z.string(),
  seconds: z.number(),
  /** Longest time in seconds without an accepted order, by market; nothing where no engine was to trade. */
  dark: z.record(z.string(), z.number()),
  lost: z.number(),
  doubled: z.number(),
  secondWriters: z.number(),
  /** Longest time in seconds for which the machine itself stood still. */
  stalled: z.number(),
  /** What was not as expected, in words. */
  problems: z.array(z.string()),
});
export type Round = z.infer<typeof roundSchema>;

/** On what, and under which conditions, a soak measures. */
export const conditionsSchema = z.object({
  timers: timersSchema,
  rounds: z.number(),
  /** Hash of the manifests, see `manifestHash` and `seedHash`. */
  manifests: z.record(subjectSchema, z.string()),
  machine: z.object({ cpus: z.number(), memoryGibibytes: z.number(), kernel: z.string() }),
  versions: z.record(z.string(), z.string()),
});
export type Conditions = z.infer<typeof conditionsSchema>;

/** First line of a soak's journal: what was asked for. */
export const headSchema = conditionsSchema.extend({
  kind: z.literal("soak"),
  started: z.string(),
  /** Ids of the drills. */
  drills: z.array(z.string()),
});
export type Head = z.infer<typeof headSchema>;

/** Each other line: one drill that was done. */
export const entrySchema = roundSchema.extend({
  kind: z.literal("round"),
  id: z.string(),
  subject: subjectSchema,
});
export type Entry = z.infer<typeof entrySchema>;

/** A soak as far as it got. */
export interface Journal {
  readonly head: Head;
  readonly entries: readonly Entry[];
}

/** Longest text of a problem that is kept: what a pod said at length is in the lab's logs. */
const MOST_CHARACTERS = 300;

/** What is kept of a drill's outcome. */
export function entryOf(
  outcome: Omit<Outcome, "facts" | "touched">,
  where: { readonly round: number; readonly subject: SubjectName; readonly started: Date },
): Entry {
  const { id, seconds, markets, lost, doubled, secondWriters, stalledSeconds, problems } = outcome;
  return {
    kind: "round",
    id,
    subject: where.subject,
    round: where.round,
    started: where.started.toISOString(),
    seconds: tenths(seconds),
    dark: Object.fromEntries(markets.map(({ market, darkSeconds }) => [market, tenths(darkSeconds)])),
    lost: lost.length,
    doubled: doubled.length,
    secondWriters: secondWriters.length,
    stalled: tenths(stalledSeconds),
    problems: problems.map((problem) =>
      problem.length > MOST_CHARACTERS ? `${problem.slice(0, MOST_CHARACTERS)} …` : problem,
    ),
  };
}

/** A drill that could not be done, which says nothing of its subject but must not be forgotten. */
export function failedEntry(
  id: string,
  where: { readonly round: number; readonly subject: SubjectName; readonly started: Date },
  why: string,
): Entry {
  const nothing = { markets: [], lost: [], doubled: [], secondWriters: [], stalledSeconds: 0 };
  const seconds = (Date.now() - where.started.getTime()) / 1000;
  return entryOf({ id, seconds, ...nothing, problems: [`it could not be done: ${why}`] }, where);
}

/** The entries of one drill on one subject, by round. */
export function roundsOf({ entries }: Pick<Journal, "entries">, id: string, subject: SubjectName): Round[] {
  return entries
    .filter((entry) => entry.id === id && entry.subject === subject)
    .map((entry) => roundSchema.parse(entry))
    .sort((a, b) => a.round - b.round);
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
