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
  const missing = missingDrills(drills, evidence);
  if (missing.length > 0) {
    return `there is no evidence of ${missing.join(", ")}: run npm run soak -- --only ${missing.join(",")}.`;
  }
  const ids = new Set([SEED_VERBATIM.id, ...drills.map(({ id }) => id)]);
  const gone = evidence.filter(({ id }) => !ids.has(id));
  if (gone.length > 0) return `there is evidence of ${named(gone)}, but no such drill: remove its file.`;
  if (document !== failureModes(evidence)) {
    return "docs/failure-modes.md is not what docs/evidence gives: run npm run soak -- --write.";
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

function named(evidence: readonly Evidence[]): string {
  return evidence.map(({ id }) => id).join(", ");
}
