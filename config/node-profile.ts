import type { NodeProfile } from "../tuning";
import type { EngineConfig, NodesConfig } from "./schema";
import { longestGrace } from "./shutdown";

/** The profile of the trading nodes: the one place where node config becomes a plan's input. */
export function nodeProfile(
  nodes: NodesConfig,
  engines: Readonly<Record<string, EngineConfig>>,
): NodeProfile {
  return {
    instanceType: nodes.instanceType,
    mode: nodes.tuning,
    knobs: nodes.knobs,
    engineGraceSeconds: longestGrace(engines),
    ...(nodes.threadsPerCore === undefined ? {} : { threadsPerCore: nodes.threadsPerCore }),
    ...(nodes.housekeepingCores === undefined ? {} : { housekeepingCores: nodes.housekeepingCores }),
  };
}
