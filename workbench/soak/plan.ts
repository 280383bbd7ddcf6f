import type { Drill } from "../lab/drill/drill";
import { SUBJECTS, type SubjectName } from "../lab/drill/subject";
import { SEED_VERBATIM } from "../lab/drill/verbatim";
import type { Head, Journal } from "./record";

/** The drills of one round on one subject: what one lab is brought up for. */
export interface Leg {
  readonly round: number;
  readonly subject: SubjectName;
  readonly ids: readonly string[];
}

type Known = Pick<Drill, "id" | "notOnSeed">;

/** Seconds of a drill that nobody has measured yet, and of a lab that is brought up and taken down. */
const GUESS = { drill: 60, lab: 100 } as const;

/** What a soak has still to do, in its order: round by round, ours before the seed. */
export function remaining(journal: Journal, drills: readonly Known[]): Leg[] {
  const { head, entries } = journal;
  const isDone = (leg: Omit<Leg, "ids">, id: string): boolean =>
    entries.some((entry) => entry.round === leg.round && entry.subject === leg.subject && entry.id === id);
  const legs = Array.from({ length: head.rounds }, (_, index) =>
    SUBJECTS.map((subject) => ({ round: index + 1, subject, ids: idsOf(head, subject, drills) })),
  ).flat();
  return legs
    .map((leg) => ({ ...leg, ids: leg.ids.filter((id) => !isDone(leg, id)) }))
    .filter(({ ids }) => ids.length > 0);
}

// What the seed does as published is looked at while its lab is brought up, so it comes first.
function idsOf(head: Head, subject: SubjectName, drills: readonly Known[]): readonly string[] {
  const asked = drills.filter(({ id }) => head.drills.includes(id));
  if (subject === "ours") return asked.map(({ id }) => id);
  return [SEED_VERBATIM.id, ...asked.filter(({ notOnSeed }) => notOnSeed === undefined).map(({ id }) => id)];
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
