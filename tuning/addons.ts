/**
 * What a node can give to an engine: its CPUs and memory less what the kubelet reserves and what the add-on
 * DaemonSets of this stack request. Reserved CPUs are not allocatable, so the add-ons' requests come out of the
 * isolated CPUs' share of the account although their threads run on the housekeeping CPUs.
 */
import { cpuListSize } from "./cpu-set";
import type { CpuPlan, InstanceFacts, TuningMode } from "./types";

/** Requests of one DaemonSet's pod, summed over its containers. */
export interface AddonRequest {
  /** Thousandths of a CPU. */
  readonly millicpu: number;
  /** MiB. */
  readonly mebibytes: number;
  readonly source: string;
}

/** The DaemonSets that `ClusterAddons` puts on every node, tainted ones included. */
export const NODE_ADDONS = {
  "aws-node": {
    millicpu: 50,
    mebibytes: 0,
    source:
      "25m for the CNI and 25m for aws-eks-nodeagent, its network policy agent: config/master/aws-k8s-cni.yaml of aws/amazon-vpc-cni-k8s",
  },
  "kube-proxy": {
    millicpu: 100,
    mebibytes: 0,
    source:
      "manifest that EKS applies, recorded in pkg/addons/default/testdata/sample-1.25.json of eksctl-io/eksctl",
  },
  "ebs-csi-node": {
    millicpu: 30,
    mebibytes: 120,
    source:
      "10m and 40Mi for each of three containers: charts/aws-ebs-csi-driver/values.yaml of kubernetes-sigs/aws-ebs-csi-driver",
  },
  "eks-pod-identity-agent": {
    millicpu: 0,
    mebibytes: 0,
    source: "resources: {} in charts/eks-pod-identity-agent of aws/eks-pod-identity-agent",
  },
  "eks-node-monitoring-agent": {
    millicpu: 10,
    mebibytes: 30,
    source: "charts/eks-node-monitoring-agent/values.yaml of aws/eks-node-monitoring-agent, v1.7.0",
  },
} as const satisfies Record<string, AddonRequest>;

/** What all of `NODE_ADDONS` request on one node. */
export function addonRequests(): Pick<AddonRequest, "millicpu" | "mebibytes"> {
  const addons = Object.values(NODE_ADDONS);
  return {
    millicpu: addons.reduce((sum, { millicpu }) => sum + millicpu, 0),
    mebibytes: addons.reduce((sum, { mebibytes }) => sum + mebibytes, 0),
  };
}

/**
 * Pods a trading node may run. One explicit number for every type, and not the type's own limit: the memory that
 * the kubelet reserves follows from it, and one engine with the add-ons is far below. 58 addresses are available
 * on every type of the table without prefix delegation.
 */
export const MAX_PODS = 58;

/** Memory kept for kubelet and containerd, in MiB: the AMI's own formula, written out since it follows `MAX_PODS`. */
export const KUBE_RESERVED_MEBIBYTES = 11 * MAX_PODS + 255;

/** Memory kept for systemd, sshd, SSM and chrony, in MiB. The AMI keeps none, which leaves them to the OOM killer. */
export const SYSTEM_RESERVED_MEBIBYTES = 512;

/** `evictionHard` memory of the AMI's kubelet configuration, in MiB. */
export const EVICTION_MEBIBYTES = 100;

/**
 * Part of the nominal memory that firmware, hypervisor and kernel keep. Karpenter's default for the same purpose:
 * real values are lower, so a node offers at least what is planned.
 * @see https://karpenter.sh/docs/reference/settings/ (`vmMemoryOverheadPercent`)
 */
const INVISIBLE_MEMORY = 0.075;

/** What the scheduler can hand out on a node. */
export interface Allocatable {
  /** Thousandths of a CPU. */
  readonly millicpu: number;
  /** MiB. */
  readonly mebibytes: number;
}

/** Allocatable CPU and memory of a node, add-ons not yet deducted. */
export function allocatable(facts: InstanceFacts, cpus: CpuPlan, mode: TuningMode): Allocatable {
  const online = cpuListSize(cpus.online);
  const reserved = mode === "off" ? kubeReservedMillicpu(online) : cpuListSize(cpus.housekeeping) * 1000;
  const visible = visibleMebibytes(facts);
  return {
    millicpu: online * 1000 - reserved,
    mebibytes: visible - KUBE_RESERVED_MEBIBYTES - SYSTEM_RESERVED_MEBIBYTES - EVICTION_MEBIBYTES,
  };
}

/** Memory that a node of a type reports as its capacity, in MiB. */
export function visibleMebibytes({ memory }: Pick<InstanceFacts, "memory">): number {
  return Math.floor(memory * 1024 * (1 - INVISIBLE_MEMORY));
}

/**
 * CPU that the AMI's kubelet reserves when no reserved set is given: 6 % of the first CPU, 1 % of the second, 0.5 %
 * of the third and fourth, 0.25 % of the others.
 * @see https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go
 */
export function kubeReservedMillicpu(cpus: number): number {
  const tenths = Array.from({ length: cpus }, (_, cpu) => [600, 100, 50, 50][cpu] ?? 25);
  return Math.floor(tenths.reduce((sum, share) => sum + share, 0) / 10);
}
