import type { Rule } from "../lib/rule";
import { cpuExclusive } from "./cpu";
import { pdbCoversEngine } from "./disruption";
import { engineMustBeStatefulSet, marketAssignmentUnique, singleWriter } from "./identity";
import { imageDigest } from "./images";
import { marketStillOwned } from "./markets";
import { mustBeKnownInPreview } from "./meta";
import { networkPolicyEnforced } from "./network";
import { capacityOnDemand, imdsV2, nodeVolumesEncrypted } from "./nodes";
import { azCoverage } from "./placement";
import { volumeTemplateFrozen } from "./replacement";
import { allowedRegions } from "./residency";
import { secretsNotInPlainSight } from "./secrets";
import { graceFitsThePlatform, shutdownBudget } from "./shutdown";
import { storageClassTrading } from "./storage";
import { taintTolerationPair } from "./taints";

/** All rules that refuse, in the order in which they are reported. */
export const rules: readonly Rule[] = [
  marketAssignmentUnique,
  engineMustBeStatefulSet,
  singleWriter,
  shutdownBudget,
  graceFitsThePlatform,
  pdbCoversEngine,
  volumeTemplateFrozen,
  storageClassTrading,
  azCoverage,
  taintTolerationPair,
  cpuExclusive,
  capacityOnDemand,
  nodeVolumesEncrypted,
  imdsV2,
  imageDigest,
  networkPolicyEnforced,
  secretsNotInPlainSight,
  allowedRegions,
  mustBeKnownInPreview,
];

/** Rules that say something and refuse nothing. */
export const remarks: readonly Rule[] = [marketStillOwned];
