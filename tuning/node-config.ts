/**
 * NodeConfig documents for nodeadm, built as objects and written as YAML once.
 *
 * The kubelet's part is in two places, because EKS appends its own NodeConfig to a managed group's user data and the
 * last value of a key wins. What EKS also sets (`maxPods`) and what depends on the CPUs goes to a drop-in below
 * `/etc/eks/nodeadm.d/`, which wins over all user data; the rest is plain user data.
 *
 * @see https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/
 */
import { stringify } from "yaml";
import { KUBE_RESERVED_MEBIBYTES, MAX_PODS, SYSTEM_RESERVED_MEBIBYTES } from "./addons";
import type { CpuPlan, NodePlan, Taint, TuningMode } from "./types";

/** Where the boothook writes the drop-in. */
export const DROP_IN_PATH = "/etc/eks/nodeadm.d/50-trading.yaml";

/** Slack between an engine's grace period and the kubelet's window, in seconds: termination is not instantaneous. */
export const SHUTDOWN_SLACK = 10;

/** A document of nodeadm's `NodeConfig` kind. */
export interface NodeConfig {
  readonly apiVersion: "node.eks.aws/v1alpha1";
  readonly kind: "NodeConfig";
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What a node must know of its cluster when its AMI is our own and EKS adds nothing. */
export interface ClusterEndpoint {
  readonly name: string;
  /** URL of the Kubernetes API. */
  readonly endpoint: string;
  /** Base64 of the cluster's certificate authority. */
  readonly certificateAuthority: string;
  /** IPv4 range of Services, for example `10.100.0.0/16`. */
  readonly serviceCidr: string;
}

/** KubeletConfiguration fields that follow from the CPU plan or that EKS would otherwise override. */
const DROP_IN_FIELDS: readonly string[] = [
  "cpuManagerPolicy",
  "cpuManagerPolicyOptions",
  "cpuManagerReconcilePeriod",
  "reservedSystemCPUs",
  "systemReservedCgroup",
  "kubeReservedCgroup",
  "topologyManagerPolicy",
  "topologyManagerScope",
  "maxPods",
];

/** What `kubeletConfig` needs to know of a node. */
export interface KubeletRequest {
  readonly cpus: CpuPlan;
  readonly mode: TuningMode;
  /** Seconds an engine may take to stop. */
  readonly engineGraceSeconds: number;
  /** Seconds kept for pods of system-node-critical and system-cluster-critical priority. */
  readonly criticalShutdownSeconds: number;
}

/**
 * KubeletConfiguration fields that the plan sets.
 *
 * @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
 */
export function kubeletConfig(request: KubeletRequest): Record<string, unknown> {
  const { cpus, mode, criticalShutdownSeconds } = request;
  const window = engineShutdownWindow(request.engineGraceSeconds);
  return {
    cpuManagerPolicy: "static",
    // An engine never shares a core with a neighbour's thread. Without SMT the option means nothing.
    ...(cpus.threadsPerCore === 2 ? { cpuManagerPolicyOptions: { "full-pcpus-only": "true" } } : {}),
    cpuManagerReconcilePeriod: "5s",
    ...(mode === "off" ? {} : reservation(cpus)),
    topologyManagerPolicy: cpus.numaNodes > 1 ? "single-numa-node" : "restricted",
    topologyManagerScope: "pod",
    maxPods: MAX_PODS,
    kubeReserved: { memory: `${KUBE_RESERVED_MEBIBYTES}Mi` },
    systemReserved: { memory: `${SYSTEM_RESERVED_MEBIBYTES}Mi` },
    shutdownGracePeriod: `${window + criticalShutdownSeconds}s`,
    shutdownGracePeriodCriticalPods: `${criticalShutdownSeconds}s`,
  };
}

/** Seconds the kubelet holds a node shutdown back for engines. */
export function engineShutdownWindow(engineGraceSeconds: number): number {
  return engineGraceSeconds + SHUTDOWN_SLACK;
}

/** The kubelet takes a reserved set only without the two cgroups that nodeadm names by default. */
function reservation(cpus: CpuPlan): Record<string, string> {
  return { reservedSystemCPUs: cpus.housekeeping, systemReservedCgroup: "", kubeReservedCgroup: "" };
}

/** NodeConfig parts of the user data: the cluster where EKS does not add it, then the kubelet's static part. */
export function nodeConfigs(plan: NodePlan, cluster: ClusterEndpoint | null): NodeConfig[] {
  const kubelet = nodeConfig({
    kubelet: {
      config: pick(plan.kubeletConfig, (field) => !DROP_IN_FIELDS.includes(field)),
      flags: flags(plan),
    },
  });
  if (cluster === null) return [kubelet];
  const { name, endpoint, certificateAuthority, serviceCidr } = cluster;
  return [
    nodeConfig({ cluster: { name, apiServerEndpoint: endpoint, certificateAuthority, cidr: serviceCidr } }),
    kubelet,
  ];
}

/** The NodeConfig that the boothook writes to `DROP_IN_PATH`. */
export function dropInNodeConfig(plan: NodePlan): NodeConfig {
  return nodeConfig({
    kubelet: { config: pick(plan.kubeletConfig, (field) => DROP_IN_FIELDS.includes(field)) },
  });
}

/**
 * One YAML document. Text values are always quoted: nodeadm reads YAML 1.1, where a bare `0` or `off` is not text.
 */
export function nodeConfigYaml(config: NodeConfig): string {
  return stringify(config, { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" });
}

/** A taint as the kubelet's `--register-with-taints` flag writes it. */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}=${value}:${effect}`;
}

/** Labels and taints are flags: the kubelet's flag replaces the configuration's list, so there is one list. */
function flags(plan: NodePlan): string[] {
  const labels = Object.entries(plan.labels).map(([key, value]) => `${key}=${value}`);
  return [
    ...(labels.length > 0 ? [`--node-labels=${labels.join(",")}`] : []),
    ...(plan.taints.length > 0 ? [`--register-with-taints=${plan.taints.map(taintText).join(",")}`] : []),
  ];
}

function nodeConfig(spec: Readonly<Record<string, unknown>>): NodeConfig {
  return { apiVersion: "node.eks.aws/v1alpha1", kind: "NodeConfig", spec };
}

function pick(
  record: Readonly<Record<string, unknown>>,
  keep: (field: string) => boolean,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([field]) => keep(field)));
}
