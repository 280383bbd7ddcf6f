import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { nodeProfile } from "../../config/node-profile";
import { parseConfig, type TradingConfig } from "../../config/parse";
import { ConfigError } from "../../config/problems";
import { planNode } from "../../tuning";
import type { NodePlan } from "../../tuning/types";
import { UserError } from "../offline/errors";
import { REPOSITORY } from "../offline/paths";

/** What a stack says of its trading nodes: what the lab's simulated nodes are made after. */
export interface StackPlan {
  readonly region: string;
  readonly zones: readonly string[];
  readonly nodesPerZone: number;
  readonly plan: NodePlan;
}

const PREFIX = "trading:";

/** The trading nodes of an environment, as its stack file plans them. */
export function stackPlan(stack: string): StackPlan {
  const config = readStack(stack);
  if (config.kind !== "eks") {
    throw new UserError(
      `Pulumi.${stack}.yaml deploys to a cluster that exists and plans no nodes. Name an environment that does: --stack dev.`,
    );
  }
  const { nodes, network, engines, region } = config;
  return {
    region,
    zones: nodes.zones ?? network.zones,
    nodesPerZone: nodes.enginesPerZone + nodes.spareNodesPerZone,
    plan: planNode(nodeProfile(nodes, engines)),
  };
}

/** The config of a stack file, without the stack. */
export function readStack(stack: string): TradingConfig {
  const file = join(REPOSITORY, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) {
    throw new UserError(
      `there is no Pulumi.${stack}.yaml: --stack names the environment to make nodes after.`,
    );
  }
  try {
    return parseConfig(ownKeys(parse(readFileSync(file, "utf8"))));
  } catch (error) {
    if (error instanceof ConfigError) throw new UserError(`Pulumi.${stack}.yaml: ${error.message}`);
    throw error;
  }
}

function ownKeys(document: unknown): Record<string, unknown> {
  const config =
    typeof document === "object" && document !== null && "config" in document ? document.config : {};
  return Object.fromEntries(
    Object.entries(config ?? {})
      .filter(([key]) => key.startsWith(PREFIX))
      .map(([key, value]) => [key.slice(PREFIX.length), value]),
  );
}
