import type { Drill } from "../drill";
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
  kubeletRestart,
  nodeCutOff,
  silentNode,
  fencedWithoutProof,
  nodeDeath,
  nodeDeathUnfenced,
  zoneLost,
];
