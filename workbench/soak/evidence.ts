import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { DrillText } from "../lab/drill/drill";
import type { SubjectName } from "../lab/drill/subject";
import { SEED_VERBATIM } from "../lab/drill/verbatim";
import { conditionsSchema, type Journal, roundSchema, roundsOf } from "./record";

const sideSchema = z.object({ manifests: z.string(), rounds: z.array(roundSchema).min(1) });
/** What a subject showed, round by round. */
export type Side = z.infer<typeof sideSchema>;

/** What is committed of one drill. */
export const evidenceSchema = z.object({
  id: z.string(),
  title: z.string(),
  steps: z.array(z.string()),
  expectation: z.string(),
  ...conditionsSchema.pick({ timers: true, machine: true, versions: true }).shape,
  /** Absent: not measured. */
  ours: sideSchema.optional(),
  seed: sideSchema.optional(),
  /** Why it cannot be done on the seed. */
  notOnSeed: z.string().optional(),
  /** What a reader must know of the seed's result. */
  seedNote: z.string().optional(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

type Described = Pick<DrillText, "id" | "title" | "steps" | "expectation" | "notOnSeed" | "seedNote">;

/** What a soak has to say of each of its drills, as far as it got: one piece of evidence for each. */
export function evidenceOf(journal: Journal, drills: readonly Described[]): Evidence[] {
  const { timers, machine, versions, manifests } = journal.head;
  const side = (id: string, subject: SubjectName): Side | undefined => {
    const rounds = roundsOf(journal, id, subject);
    return rounds.length === 0 ? undefined : { manifests: manifests[subject] ?? "", rounds };
  };
  return [SEED_VERBATIM, ...drills].flatMap((drill: Described) => {
    const { id, title, steps, expectation, notOnSeed, seedNote } = drill;
    const [ours, seed] = [side(id, "ours"), side(id, "seed")];
    if (ours === undefined && seed === undefined) return [];
    const found: Evidence = {
      ...{ id, title, steps: [...steps], expectation, timers, machine, versions },
      ...(ours && { ours }),
      ...(seed && { seed }),
      ...(notOnSeed !== undefined && { notOnSeed }),
      ...(seedNote !== undefined && { seedNote }),
    };
    return [found];
  });
}

/** The committed evidence, in the order of the drills; what belongs to none comes last. */
export function readEvidence(folder: string, drills: readonly Pick<DrillText, "id">[]): Evidence[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const ids = [SEED_VERBATIM.id, ...drills.map(({ id }) => id)];
  const place = ({ id }: Evidence): number => (ids.includes(id) ? ids.indexOf(id) : ids.length);
  return names
    .sort()
    .map((name) => evidenceSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))))
    .sort((a, b) => place(a) - place(b));
}

/** Writes evidence, one file a drill; other drills' files stay. */
export function writeEvidence(folder: string, all: readonly Evidence[]): void {
  mkdirSync(folder, { recursive: true });
  for (const evidence of all) writeFileSync(join(folder, `${evidence.id}.json`), evidenceText(evidence));
}

/** One line a round: what a reader of a difference looks for. */
export function evidenceText({ ours, seed, ...head }: Evidence): string {
  const side = (name: string, { manifests, rounds }: Side): string => {
    const lines = rounds.map((round) => `      ${JSON.stringify(round)}`).join(",\n");
    return `,\n  "${name}": {\n    "manifests": "${manifests}",\n    "rounds": [\n${lines}\n    ]\n  }`;
  };
  const text = JSON.stringify(head, null, 2).replace(/\n\}$/, "");
  return `${text}${ours ? side("ours", ours) : ""}${seed ? side("seed", seed) : ""}\n}\n`;
}
