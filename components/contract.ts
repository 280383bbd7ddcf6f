import type { NodePlan } from "../tuning/types";

/**
 * What the components promise and the policies check: type tokens, labels, annotations and the plain inputs that a
 * policy may read in any preview. No Pulumi import: the policy pack compiles this file into itself.
 */

export const TYPES = {
  network: "trading:network:Network",
  cluster: "trading:cluster:TradingCluster",
  nodeAddons: "trading:cluster:NodeAddons",
  addons: "trading:cluster:ClusterAddons",
  systemNodes: "trading:nodes:SystemNodes",
  nodes: "trading:nodes:TradingNodes",
  storage: "trading:storage:EncryptedStorage",
  engine: "trading:engine:TradingEngine",
  registry: "trading:engine:EngineRegistry",
  volumeKey: "trading:storage:VolumeKey",
} as const;

/** On every pod of an engine, and on nothing else: how rules, budgets and anti-affinity find engines. */
export const ENGINE_LABEL = { key: "trading/role", value: "engine" } as const;

/** Label and taint of the nodes that are for engines only: the node plan's own. */
export { NODE_LABEL, NODE_TAINT } from "../tuning/placement";

export const ZONE_LABEL = "topology.kubernetes.io/zone";
export const HOST_LABEL = "kubernetes.io/hostname";

export const ANNOTATIONS = {
  /** JSON of {@link ShutdownBudget}: what the grace period was added up from. On the StatefulSet. */
  shutdownBudget: "trading/shutdown-budget",
  /** Longest reconnect to the exchange in seconds; the liveness probe must be slower. On the StatefulSet. */
  reconnectSeconds: "trading/reconnect-seconds",
  /** Pulumi: leave the pods running when the StatefulSet must be replaced. */
  deletionPropagation: "pulumi.com/deletionPropagationPolicy",
} as const;

/** Key of the market map in its ConfigMap: JSON object, ordinal → markets. */
export const MARKET_MAP_KEY = "markets.json";

/** Seconds of each phase of a shutdown; the grace period is at least their sum. */
export interface ShutdownBudget {
  /** Upper bound of the preStop hook's own time before the drain begins: 0 when the hook itself starts the drain. */
  readonly preStop: number;
  readonly cancelOrders: number;
  readonly confirmations: number;
  readonly flush: number;
  readonly slack: number;
}

/** Plain inputs of {@link TYPES.engine}, known in every preview. */
export interface EngineInputs {
  readonly namespace: string;
  readonly image: string;
  /** Markets by ordinal: the index is the ordinal. */
  readonly markets: readonly (readonly string[])[];
  readonly cpus: number;
  readonly memoryMebibytes: number;
  readonly shutdown: ShutdownBudget;
  readonly gracePeriodSeconds: number;
  readonly maxDisrupted: number;
  readonly zones: readonly string[];
  readonly storageClass: string;
}

/** Plain inputs of {@link TYPES.nodes}, known in every preview. */
export interface TradingNodesInputs {
  readonly plan: NodePlan;
  readonly zones: readonly string[];
  readonly enginesPerZone: number;
  readonly spareNodesPerZone: number;
  readonly clusterName: string;
}

/** Plain inputs of {@link TYPES.network}. */
export interface NetworkInputs {
  readonly region: string;
  readonly cidr: string;
  readonly zones: readonly string[];
}
