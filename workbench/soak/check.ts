import type { DrillText } from "../lab/drill/drill";
import type { SubjectName } from "../lab/drill/subject";
import { SEED_VERBATIM } from "../lab/drill/verbatim";
import { failureModes } from "./document";
import type { Evidence } from "./evidence";

export interface Committed {
  readonly drills: readonly Pick<DrillText, "id" | "notOnSeed">[];
  /** In the order of the drills. */
  readonly evidence: readonly Evidence[];
  /** Text of the document as it is committed. */
  readonly document: string;
  /** Hashes of the manifests of this checkout. */
  readonly manifests: Readonly<Record<SubjectName, string>>;
}

/** What is wrong with what is committed, in one sentence; undefined when nothing is. */
export function staleness({ drills, evidence, document, manifests }: Committed): string | undefined {
  const stale = evidence.filter(({ ours, seed }) =>
    [ours && ours.manifests !== manifests.ours, seed && seed.manifests !== manifests.seed].includes(true),
  );
  if (stale.length > 0) {
    return `the evidence of ${named(stale)} was measured on other manifests than this checkout's (ours ${manifests.ours}, seed ${manifests.seed}): run npm run soak.`;
  }
  const ids = new Set([SEED_VERBATIM.id, ...drills.map(({ id }) => id)]);
  const gone = evidence.filter(({ id }) => !ids.has(id));
  if (gone.length > 0) return `there is evidence of ${named(gone)}, but no such drill: remove its file.`;
  // A drill without evidence is no lie as long as the document says so itself.
  const missing = missingDrills(drills, evidence);
  if (document !== failureModes(evidence, missing)) {
    return `docs/failure-modes.md is not what docs/evidence gives${lacking(missing)}: run npm run soak, or npm run soak -- --write for the document alone.`;
  }
  return undefined;
}

/** Ids of drills of which a side that can be measured is not. */
export function missingDrills(
  drills: readonly Pick<DrillText, "id" | "notOnSeed">[],
  evidence: readonly Evidence[],
): string[] {
  return drills
    .filter(({ id, notOnSeed }) => {
      const found = evidence.find((each) => each.id === id);
      return found?.ours === undefined || (notOnSeed === undefined && found.seed === undefined);
    })
    .map(({ id }) => id);
}

function lacking(missing: readonly string[]): string {
  return missing.length === 0 ? "" : ` (which lacks ${missing.join(", ")})`;
}

function named(evidence: readonly Evidence[]): string {
  return evidence.map(({ id }) => id).join(", ");
}
