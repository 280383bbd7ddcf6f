import type { Drill } from "../drill";
import { splitBrainLog } from "./aftermath";
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
  splitBrainLog,
  nodeDeath,
  nodeDeathUnfenced,
  zoneLost,
];
