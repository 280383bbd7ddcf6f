import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { TradingConfig } from "../config/parse";
import type { EngineConfig, ExistingConfig } from "../config/schema";
import { type ApiAccess, type EngineEndpoint, engineSpec } from "./engine/spec";
import { engineZones, environmentOf } from "./environment";
import { TradingEngine } from "./trading-engine";
import type { NodeGroupSummary } from "./trading-nodes";

/** What a stack tells others: a contract, documented in docs/configuration.md. */
export interface StackOutputs {
  readonly clusterName: string;
  /** Secret. Absent on a cluster that somebody else made. */
  readonly kubeconfig?: pulumi.Output<string>;
  /** Addresses from which engines reach exchanges: what these allow-list. */
  readonly egressIps: pulumi.Input<string>[];
  readonly nodeGroups: NodeGroupSummary[];
  readonly storageClass: string;
  /** One entry for each engine pod, for the risk engine. */
  readonly engines: EngineEndpoint[];
}

/** Every engine of the config. */
export function tradingEngines(
  config: TradingConfig,
  where: { storageClass: string; provider: kubernetes.Provider },
  opts: pulumi.ComponentResourceOptions,
): EngineEndpoint[] {
  const place = { zones: engineZones(config), storageClass: where.storageClass, api: apiAccess(config) };
  return Object.entries(config.engines).flatMap(([name, engine]: [string, EngineConfig]) => {
    const args = {
      spec: engineSpec(name, engine, place),
      protect: config.protection.state,
      kubernetesProvider: where.provider,
      ...(config.kind === "eks" ? { clusterName: environmentOf(config).clusterName } : {}),
    };
    return new TradingEngine(name, args, opts).endpoints;
  });
}

/** An environment on a cluster that somebody else made: the engines alone. */
export function onExisting(config: ExistingConfig): StackOutputs {
  const { context, kubeconfig } = config.cluster;
  const place = { context, ...(kubeconfig === undefined ? {} : { kubeconfig }) };
  const provider = new kubernetes.Provider("existing", { ...place, enableConfigMapMutable: true });
  const storageClass = config.storage.className;
  const engines = tradingEngines(config, { storageClass, provider }, {});
  return { clusterName: context, egressIps: [], nodeGroups: [], storageClass, engines };
}

/** On EKS the API's addresses are the VPC's; of another cluster only the usual ports are known. */
function apiAccess(config: TradingConfig): ApiAccess {
  if (config.kind === "existing") return { cidrs: ["0.0.0.0/0"], ports: [443, 6443] };
  return { cidrs: [config.network.cidr, config.cluster.serviceCidr], ports: [443] };
}
