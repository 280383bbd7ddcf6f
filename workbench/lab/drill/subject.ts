import { z } from "zod";
import type { EngineSpec } from "../../../components/engine/spec";
import { ENGINE, type Recipe } from "../../image/engine-image";
import { SEED_ENGINE } from "../../image/seed-engine";
import { SEED, seedManifests, seedNamespace } from "../../seed/manifests";
import { engineManifests } from "../engines/manifests";
import { stackEngine } from "../engines/spec";
import type { Manifest } from "../kube-client";

/** The stack's own manifests, or those of the source document. */
export type SubjectName = "ours" | "seed";
export const SUBJECTS: readonly SubjectName[] = ["ours", "seed"];

/** Whose manifests a drill breaks. */
export interface Subject {
  readonly name: SubjectName;
  /** Of the seed only names, markets, image and grace period are its own: nothing else of it may be asked for. */
  readonly spec: EngineSpec;
  /** Name of the claim template: a claim is called this, a dash, and the pod's name. */
  readonly claim: string;
  readonly recipe: Recipe;
  /** Whether all pods of a name see one lease, so that the tokens of its terms only grow. */
  readonly hasSharedLease: boolean;
  /** Whether it brings the class of its volumes itself. */
  readonly hasStorageClass: boolean;
  readonly manifests: readonly Manifest[];
}

export function subjectOf(name: SubjectName, stack: string): Subject {
  const ours = stackEngine(stack);
  if (name === "ours") {
    return {
      name,
      spec: ours,
      claim: "data",
      recipe: ENGINE,
      hasSharedLease: true,
      hasStorageClass: false,
      manifests: engineManifests(ours),
    };
  }
  const { namespace, markets, gracePeriodSeconds, storageClass, claim } = SEED;
  const manifests = seedManifests();
  const image = imageOf(manifests);
  return {
    name,
    spec: { ...ours, name: SEED.name, namespace, markets, gracePeriodSeconds, storageClass, image },
    claim,
    recipe: SEED_ENGINE,
    hasSharedLease: false,
    hasStorageClass: true,
    manifests: [seedNamespace(), ...manifests],
  };
}

const setSchema = z.object({
  kind: z.literal("StatefulSet"),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })).min(1) }) }),
  }),
});

function imageOf(manifests: readonly Manifest[]): string {
  const set = manifests.find(({ kind }) => kind === "StatefulSet");
  return setSchema.parse(set).spec.template.spec.containers[0]?.image ?? "";
}
