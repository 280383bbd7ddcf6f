import type { DrillText } from "../lab/drill/drill";
import type { SubjectName } from "../lab/drill/subject";
import { SEED_VERBATIM } from "../lab/drill/verbatim";
import type { Head, Journal } from "./record";

/** The drills of one round on one subject: what one lab is brought up for. */
export interface Leg {
  readonly round: number;
  readonly subject: SubjectName;
  readonly ids: readonly string[];
  /** Whether its drills need the whole stack. @default false */
  readonly needsStack?: true;
}

type Known = Pick<DrillText, "id" | "notOnSeed" | "needsStack">;

/** Seconds of a drill that nobody has measured yet, and of a lab that is brought up and taken down. */
const GUESS = { drill: 60, lab: 100 } as const;

/** What a soak has still to do, in its order: round by round, our engines, our stack, the seed. */
export function remaining(journal: Journal, drills: readonly Known[]): Leg[] {
  const { head, entries } = journal;
  const isDone = (leg: Omit<Leg, "ids">, id: string): boolean =>
    entries.some((entry) => entry.round === leg.round && entry.subject === leg.subject && entry.id === id);
  const legs = Array.from({ length: head.rounds }, (_, index) => legsOf(head, index + 1, drills)).flat();
  return legs
    .map((leg) => ({ ...leg, ids: leg.ids.filter((id) => !isDone(leg, id)) }))
    .filter(({ ids }) => ids.length > 0);
}

function legsOf(head: Head, round: number, drills: readonly Known[]): Leg[] {
  const asked = drills.filter(({ id }) => head.drills.includes(id));
  const idsOf = (isOf: (drill: Known) => boolean): string[] => asked.filter(isOf).map(({ id }) => id);
  return [
    { round, subject: "ours", ids: idsOf(({ needsStack }) => needsStack !== true) },
    { round, subject: "ours", ids: idsOf(({ needsStack }) => needsStack === true), needsStack: true },
    // What the seed does as published is looked at while its lab is brought up, so it comes first.
    {
      round,
      subject: "seed",
      ids: [SEED_VERBATIM.id, ...idsOf(({ notOnSeed }) => notOnSeed === undefined)],
    },
  ];
}

/** Seconds that legs will take, from what the same drills took before. */
export function estimate(
  legs: readonly Leg[],
  { entries }: Pick<Journal, "entries">,
  known: ReadonlyMap<string, number> = new Map(),
): number {
  const seconds = (id: string, subject: SubjectName): number => {
    if (id === SEED_VERBATIM.id) return 0;
    const own = entries.filter((entry) => entry.id === id && entry.subject === subject);
    if (own.length > 0) return own.reduce((sum, entry) => sum + entry.seconds, 0) / own.length;
    const other = entries.filter((entry) => entry.id === id);
    return known.get(`${subject} ${id}`) ?? other.at(-1)?.seconds ?? GUESS.drill;
  };
  return legs.reduce(
    (sum, { ids, subject }) => sum + GUESS.lab + ids.reduce((of, id) => of + seconds(id, subject), 0),
    0,
  );
}

/** A duration as people say it. */
export function inWords(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
