import type { Problem } from "../problems";
import {
  budgetProtects,
  credentialsComplete,
  credentialsMatchMarkets,
  credentialsNeedEks,
  egressExceptions,
  graceFitsDrain,
  marketsOnce,
  namespacesOnce,
  partitionInRange,
  slackLeft,
  slotsSuffice,
} from "./engines";
import { endpointRanges, networkZones, serviceRange, vpcRange } from "./network";
import {
  existingZonesOnce,
  groupWithinQuota,
  kubeProxyMatchesVersion,
  nodePlanFits,
  nodeZones,
  placementGroupZone,
  releaseMatchesVersion,
  reservationZones,
} from "./nodes";
import { credentialAccounts, credentialRegions, regionAllowed } from "./residency";
import type { Rule, Sections } from "./sections";
import { volumesWithinGp3 } from "./storage";

const RULES: readonly Rule[] = [
  regionAllowed,
  credentialRegions,
  credentialAccounts,
  networkZones,
  vpcRange,
  endpointRanges,
  serviceRange,
  nodeZones,
  placementGroupZone,
  reservationZones,
  releaseMatchesVersion,
  kubeProxyMatchesVersion,
  groupWithinQuota,
  existingZonesOnce,
  nodePlanFits,
  egressExceptions,
  slackLeft,
  slotsSuffice,
  marketsOnce,
  namespacesOnce,
  graceFitsDrain,
  budgetProtects,
  partitionInRange,
  credentialsComplete,
  credentialsMatchMarkets,
  credentialsNeedEks,
  volumesWithinGp3,
];

/** Every problem that concerns two or more fields. */
export function crossFieldProblems(sections: Sections): Problem[] {
  return RULES.flatMap((rule) => rule(sections));
}
