import type { Drill } from "../drill";
import type { StackStage } from "../stack-stage";
import { controlPlaneOutage, etcdRestart, marketAdded, serviceDeleted } from "./control-plane";
import { tornTail } from "./disk";
import { badImage, drainAll, evictTwo, partitionCanary } from "./disruption";
import { firstBroken, volumeFull } from "./log";
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
import { newStack, ordinalsMoved, replacement, scaled } from "./stack-preview";
import { badImageUp, killedUp, marketAddedUp, versionUpgrade } from "./stack-update";

/** Every drill on real nodes, in the order in which they run. */
export const DRILLS: readonly Drill[] = [
  killEngine,
  freezeEngine,
  freezeWithTokens,
  slowExchange,
  clockSkew,
  evictTwo,
  drainAll,
  partitionCanary,
  badImage,
  tornTail,
  firstBroken,
  volumeFull,
  etcdRestart,
  controlPlaneOutage,
  serviceDeleted,
  marketAdded,
  kubeletRestart,
  nodeCutOff,
  silentNode,
  fencedWithoutProof,
  nodeDeath,
  nodeDeathUnfenced,
  zoneLost,
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
];
