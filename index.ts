import "./config/compile-cache";
import type * as pulumi from "@pulumi/pulumi";
import { ClusterAddons, NodeAddons } from "./components/cluster-addons";
import { EncryptedStorage } from "./components/encrypted-storage";
import { EngineRegistry } from "./components/engine-registry";
import { awsProvider, environmentOf, nodeArgs } from "./components/environment";
import { Network } from "./components/network";
import { onExisting, type StackOutputs, tradingEngines } from "./components/stack";
import { SystemNodes } from "./components/system-nodes";
import { TradingCluster } from "./components/trading-cluster";
import { TradingNodes } from "./components/trading-nodes";
import { VolumeKey } from "./components/volume-key";
import { loadConfig } from "./config/load";
import type { EksConfig } from "./config/schema";

/** An environment on EKS, in the order in which it is created; destroyed in reverse. */
function onEks(config: EksConfig): StackOutputs {
  const env = environmentOf(config);
  const provider = awsProvider(config);
  const after = (...dependsOn: pulumi.Resource[]) => ({ providers: [provider], dependsOn });

  const { arn: volumeKeyArn } = new VolumeKey(`${env.name}-volumes`, env, after());
  const network = new Network(env.name, { ...env, ...config.network }, after());
  const clusterArgs = { ...env, ...config.cluster, network, deletionProtection: config.protection.cluster };
  const cluster = new TradingCluster(env.name, clusterArgs, after(network));

  const shared = { ...env, versions: config.cluster.addons, network, volumeKeyArn };
  const nodeAddons = new NodeAddons(`${env.name}-node-addons`, shared, after(cluster));
  const systemArgs = { ...shared, nodes: config.cluster.systemNodes };
  const systemNodes = new SystemNodes(`${env.name}-system`, systemArgs, after(nodeAddons));
  const addons = new ClusterAddons(`${env.name}-addons`, shared, after(systemNodes));

  const nodes = new TradingNodes(
    `${env.name}-engines`,
    { ...shared, ...nodeArgs(config), cluster },
    after(addons),
  );
  const storageArgs = { ...shared, ...config.storage, cluster, environment: config.environment };
  const storage = new EncryptedStorage(`${env.name}-storage`, storageArgs, after(nodes));

  if (config.registry) new EngineRegistry(`${env.name}-registry`, { ...env, ...config.registry }, after());
  const where = { storageClass: storage.className, provider: cluster.provider };
  const engines = tradingEngines(config, where, after(storage));
  const { clusterName, kubeconfig } = cluster;
  return {
    clusterName,
    kubeconfig,
    engines,
    egressIps: network.egressIps,
    nodeGroups: nodes.groups,
    ...where,
  };
}

const config = loadConfig();
const outputs = config.kind === "eks" ? onEks(config) : onExisting(config);
export const { clusterName, kubeconfig, egressIps, nodeGroups, storageClass, engines } = outputs;
