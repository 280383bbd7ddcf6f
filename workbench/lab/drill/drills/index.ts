import type { Drill } from "../drill";
import { controlPlaneOutage, etcdRestart, marketAdded, serviceDeleted } from "./control-plane";
import { tornTail } from "./disk";
import { badImage, drainAll, evictTwo, partitionCanary } from "./disruption";
import {
  fencedWithoutProof,
  kubeletRestart,
  nodeCutOff,
  nodeDeath,
  nodeDeathUnfenced,
  silentNode,
  zoneLost,
} from "./nodes";
import { clockSkew, freezeEngine, killEngine, slowExchange } from "./process";

/** Every drill on real nodes, in the order in which they run. */
export const DRILLS: readonly Drill[] = [
  killEngine,
  freezeEngine,
  slowExchange,
  clockSkew,
  evictTwo,
  drainAll,
  partitionCanary,
  badImage,
  tornTail,
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
