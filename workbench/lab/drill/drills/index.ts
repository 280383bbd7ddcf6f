import type { Drill, DrillText } from "../drill";
import type { StackStage } from "../stack-stage";
import { splitBrainLog } from "./aftermath";
import { budgetArithmetic } from "./budget";
import { claimDeleted } from "./claims";
import { clampedGrace } from "./clamp";
import { controlPlaneOutage, etcdRestart, marketAdded, serviceDeleted } from "./control-plane";
import { tornTail } from "./disk";
import { badImage, drainAll, evictTwo, partitionCanary } from "./disruption";
import { brokenHook } from "./hooks";
import { firstBroken, volumeFull } from "./log";
import { marketsSwapped, noMarket } from "./markets";
import {
  fencedWithoutProof,
  kubeletRestart,
  nodeCutOff,
  nodeDeath,
  nodeDeathUnfenced,
  silentNode,
  zoneLost,
} from "./nodes";
import { clockSkew, freezeEngine, freezeWithTokens, killEngine, slowExchange } from "./process";
import { frozenBesideSuccessor, frozenWithTokens } from "./split-brain";
import { newStack, ordinalsMoved, replacement, scaled } from "./stack-preview";
import { badImageUp, killedUp, marketAddedUp, versionUpgrade } from "./stack-update";
import { twoZonesLost } from "./zones";

/** Every drill on real nodes, in the order in which they run. */
export const DRILLS: readonly Drill[] = [
  killEngine,
  freezeEngine,
  freezeWithTokens,
  slowExchange,
  brokenHook,
  clampedGrace,
  clockSkew,
  budgetArithmetic,
  evictTwo,
  drainAll,
  partitionCanary,
  badImage,
  tornTail,
  firstBroken,
  volumeFull,
  claimDeleted,
  etcdRestart,
  controlPlaneOutage,
  serviceDeleted,
  marketAdded,
  noMarket,
  marketsSwapped,
  kubeletRestart,
  nodeCutOff,
  silentNode,
  fencedWithoutProof,
  frozenBesideSuccessor,
  frozenWithTokens,
  splitBrainLog,
  nodeDeath,
  nodeDeathUnfenced,
  zoneLost,
  twoZonesLost,
];

/** Every drill on the whole stack, in the order in which they run. */
export const STACK_DRILLS: readonly Drill<StackStage>[] = [
  newStack,
  ordinalsMoved,
  scaled,
  replacement,
  badImageUp,
  versionUpgrade,
  marketAddedUp,
  killedUp,
].map((drill) => ({
  ...drill,
  needsStack: true,
  notOnSeed: "it needs a stack, and the seed is manifests alone",
}));

/** All of them, to those who only ask what there is. */
export const ALL_DRILLS: readonly DrillText[] = [...DRILLS, ...STACK_DRILLS];
