/** The vocabulary of node tuning. Plain data only: no Pulumi import below `tuning/`. */
import type { TuningKnobs } from "./knobs";

/** Linux CPU list, for example `"0,4"` or `"1-3,5-7"`, as in `/sys/devices/system/cpu/online`. */
export type CpuList = string;

export type CpuVendor = "intel" | "amd" | "graviton";
export type Architecture = "x86_64" | "arm64";

/**
 * How far a node's isolated CPUs are taken away from the kernel.
 *
 * - `off`: no kernel arguments, no reserved set: an ordinary node with the static CPU manager.
 * - `balanced`: ticks, RCU callbacks and interrupts leave the isolated CPUs; the scheduler still balances the
 *   threads of one engine over the CPUs it was given. For ordinary multi-threaded engines.
 * - `static`: as `balanced`, and the scheduler leaves the isolated CPUs alone too (`isolcpus=domain`): an engine
 *   must pin its own threads, or all of them run on one CPU.
 */
export type TuningMode = "off" | "balanced" | "static";

/** What is known of an EC2 instance type, from AWS's documentation. */
export interface InstanceFacts {
  readonly vendor: CpuVendor;
  readonly architecture: Architecture;
  readonly virtualization: "virtual" | "metal";
  /** Physical cores of the whole instance. */
  readonly cores: number;
  /** Threads per core as shipped; 1 on Graviton and on AMD from the 7th generation. */
  readonly threadsPerCore: 1 | 2;
  readonly numaNodes: number;
  /** Memory in GiB. */
  readonly memory: number;
  /** Whether Linux can set a frequency governor. The hypervisor keeps it on virtual Nitro instances. */
  readonly governor: boolean;
  /** Whether Linux controls C-states. */
  readonly cStates: boolean;
  /** Where the figures come from. */
  readonly source: string;
}

/** Which CPU does what on one node. Housekeeping and isolated sets are disjoint, whole cores, and cover all online CPUs. */
export interface CpuPlan {
  readonly online: CpuList;
  /** Kernel, interrupts, kubelet, system daemons and every pod that is not Guaranteed. Always holds CPU 0. */
  readonly housekeeping: CpuList;
  /** The engines' CPUs. Empty when tuning is `off`. */
  readonly isolated: CpuList;
  readonly threadsPerCore: 1 | 2;
  readonly cores: number;
  readonly numaNodes: number;
}

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/**
 * Everything that follows from one node profile: the single source for launch template, kernel, kubelet, taint and
 * label, for the engine's resources, toleration and placement, and for the policies that compare the layers.
 * Plain JSON: it is an input of the `TradingNodes` component, so a policy can read it in any preview.
 */
export interface NodePlan {
  readonly instanceType: string;
  readonly vendor: CpuVendor;
  readonly architecture: Architecture;
  readonly virtualization: "virtual" | "metal";
  readonly mode: TuningMode;
  readonly cpus: CpuPlan;
  /** Every knob, chosen or by default. */
  readonly knobs: TuningKnobs;
  /** What the choice of a risky knob means, to be printed; empty for the defaults. */
  readonly warnings: readonly string[];
  /** Only where the threads per core differ from the type's own; both fields, since EC2 asks for both. */
  readonly cpuOptions: { readonly coreCount: number; readonly threadsPerCore: 1 | 2 } | null;
  /** Kernel command line arguments, in the order in which they are written. */
  readonly kernelArguments: readonly string[];
  /** KubeletConfiguration fields that the plan sets, as in `kubelet.config.k8s.io/v1beta1`. */
  readonly kubeletConfig: Readonly<Record<string, unknown>>;
  /** Node labels, written once as the kubelet's `--node-labels` flag and on the node group. */
  readonly labels: Readonly<Record<string, string>>;
  /** The complete list of taints, written once as the kubelet's `--register-with-taints` flag and on the node group. */
  readonly taints: readonly Taint[];
  /** Seconds the kubelet holds a node shutdown back for pods that are not critical. */
  readonly engineShutdownWindow: number;
  /** Allocatable CPUs in thousandths of a CPU: online minus reserved. */
  readonly allocatableMillicpu: number;
  /** What the add-on DaemonSets of this stack request on every node, in thousandths of a CPU. */
  readonly addonMillicpu: number;
  /** Allocatable memory in MiB, after the kubelet's reservations and eviction threshold. */
  readonly allocatableMebibytes: number;
  /** What the add-on DaemonSets request on every node, in MiB. */
  readonly addonMebibytes: number;
}
