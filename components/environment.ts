import * as aws from "@pulumi/aws";
import { nodeProfile } from "../config/node-profile";
import type { TradingConfig } from "../config/parse";
import type { EksConfig } from "../config/schema";
import { planNode } from "../tuning";

/** What every component on EKS needs to know of its environment. */
export interface Environment {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly clusterName: string;
  readonly protect: boolean;
}

export function environmentOf({ environment, region, accountId, protection }: EksConfig): Environment {
  const name = `trading-${environment}`;
  return { name, region, accountId, clusterName: name, protect: protection.state };
}

/** An explicit provider: no resource is made in whatever account and region the shell points at. */
export function awsProvider({ environment, region, accountId, tags }: EksConfig): aws.Provider {
  return new aws.Provider("aws", {
    region,
    allowedAccountIds: [accountId],
    defaultTags: { tags: { ...tags, environment, "managed-by": "pulumi" } },
  });
}

/** The zones that engines run in, in an order that does not depend on the stack file's. */
export function engineZones(config: TradingConfig): readonly string[] {
  const zones = config.kind === "eks" ? (config.nodes.zones ?? config.network.zones) : config.cluster.zones;
  return [...zones].sort();
}

/** The arguments of the trading nodes that follow from config: the plan first of all. */
export function nodeArgs(config: EksConfig) {
  const { nodes, engines } = config;
  return {
    plan: planNode(nodeProfile(nodes, engines)),
    zones: engineZones(config),
    enginesPerZone: nodes.enginesPerZone,
    spareNodesPerZone: nodes.spareNodesPerZone,
    config: nodes,
  };
}
