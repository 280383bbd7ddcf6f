import type { ShutdownBudget } from "../components/contract";
import type { EngineConfig } from "./schema";
import { seconds } from "./units";

/**
 * Seconds a pod may take to leave a node in a managed node group's update before EKS gives the update up.
 * https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
 */
export const NODE_DRAIN_LIMIT = 15 * 60;

/** Seconds of that limit which are not the engine's: eviction, and detaching and attaching its volume. */
export const DRAIN_RESERVE = 60;

/** Least margin on the sum of the phases: with less, one slow log line ends in SIGKILL. */
export const LEAST_SLACK = 5;

/** The declared phases in seconds. The hook only starts the drain, so its own share is nothing. */
export function shutdownBudget(shutdown: EngineConfig["shutdown"]): ShutdownBudget {
  return {
    preStop: 0,
    cancelOrders: seconds(shutdown.cancelOrders),
    confirmations: seconds(shutdown.confirmations),
    flush: seconds(shutdown.flush),
    slack: seconds(shutdown.slack),
  };
}

/** Termination grace period in seconds: the sum of all phases. The clock starts with the hook, not with SIGTERM. */
export function gracePeriodSeconds(budget: ShutdownBudget): number {
  return budget.preStop + budget.cancelOrders + budget.confirmations + budget.flush + budget.slack;
}

/** The longest grace period among engines: what a node must wait for when it shuts down. */
export function longestGrace(engines: Readonly<Record<string, EngineConfig>>): number {
  return Math.max(
    ...Object.values(engines).map((engine) => gracePeriodSeconds(shutdownBudget(engine.shutdown))),
  );
}
