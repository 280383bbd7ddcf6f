/** Splits the CPUs of an instance into housekeeping and isolated ones: whole cores, CPU 0 always housekeeping. */
import { complementCpuList, formatCpuList, parseCpuList } from "./cpu-set";
import { NodePlanError, type NodeProblem } from "./problems";
import type { CpuList, CpuPlan, InstanceFacts, TuningMode } from "./types";

/** Below this there is no core to give away once kernel, kubelet and interrupts have theirs. */
const SMALLEST_ISOLATED_MACHINE = 4;

/** How the CPUs of one node are to be split. */
export interface CpuRequest {
  readonly mode: TuningMode;
  /** @default the instance type's own */
  readonly threadsPerCore?: 1 | 2;
  /**
   * Whole cores for kernel, interrupts, kubelet and daemons. Without effect in mode `off`, so that a profile can be
   * switched off and on by one word.
   * @default by size, see `defaultHousekeepingCores`
   */
  readonly housekeepingCores?: number;
}

/** Housekeeping cores by physical cores: 1 up to 8 cores, 2 up to 16, 4 up to 32, 8 above; at least one a NUMA node. */
export function defaultHousekeepingCores(facts: Pick<InstanceFacts, "cores" | "numaNodes">): number {
  const bySize = facts.cores <= 8 ? 1 : facts.cores <= 16 ? 2 : facts.cores <= 32 ? 4 : 8;
  return Math.max(bySize, facts.numaNodes);
}

/** Everything that keeps the request from being planned on this machine; empty when nothing does. */
export function cpuPlanProblems(facts: InstanceFacts, request: CpuRequest): NodeProblem[] {
  return [...threadProblems(facts, request), ...housekeepingProblems(facts, request)];
}

/**
 * The CPU plan of an instance type.
 *
 * EC2 on x86 numbers the threads of core n as n and n + cores, and gives each NUMA node a contiguous range of cores.
 * The node recomputes this from `thread_siblings_list` and reports a difference as a failed tune.
 *
 * @throws NodePlanError when the machine cannot be split this way.
 */
export function planCpus(facts: InstanceFacts, request: CpuRequest): CpuPlan {
  const problems = cpuPlanProblems(facts, request);
  if (problems.length > 0) throw new NodePlanError(problems);
  const threadsPerCore = request.threadsPerCore ?? facts.threadsPerCore;
  const cpusOf = (cores: readonly number[]) =>
    formatCpuList(withSiblings(cores, facts.cores, threadsPerCore));
  const online = cpusOf(countFrom(0, facts.cores));
  const housekeeping = request.mode === "off" ? online : cpusOf(housekeepingCoresOf(facts, request));
  return {
    online,
    housekeeping,
    isolated: complementCpuList(online, housekeeping),
    threadsPerCore,
    cores: facts.cores,
    numaNodes: facts.numaNodes,
  };
}

/** The list split by NUMA node, which holds a contiguous range of cores with all their threads. */
export function cpusByNumaNode(plan: Pick<CpuPlan, "cores" | "numaNodes">, list: CpuList): CpuList[] {
  const coresPerNode = plan.cores / plan.numaNodes;
  const cpus = parseCpuList(list);
  return countFrom(0, plan.numaNodes).map((node) =>
    formatCpuList(cpus.filter((cpu) => Math.floor((cpu % plan.cores) / coresPerNode) === node)),
  );
}

/** The first cores of every NUMA node, as equal as possible, so that core 0 and with it CPU 0 is always among them. */
function housekeepingCoresOf(facts: InstanceFacts, request: CpuRequest): number[] {
  const total = request.housekeepingCores ?? defaultHousekeepingCores(facts);
  const coresPerNode = facts.cores / facts.numaNodes;
  return countFrom(0, facts.numaNodes).flatMap((node) => {
    const share = Math.floor(total / facts.numaNodes) + (node < total % facts.numaNodes ? 1 : 0);
    return countFrom(node * coresPerNode, share);
  });
}

function withSiblings(cores: readonly number[], allCores: number, threadsPerCore: 1 | 2): number[] {
  return countFrom(0, threadsPerCore).flatMap((thread) => cores.map((core) => core + thread * allCores));
}

function countFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, offset) => first + offset);
}

function threadProblems(facts: InstanceFacts, { threadsPerCore }: CpuRequest): NodeProblem[] {
  if (threadsPerCore === undefined || threadsPerCore === facts.threadsPerCore) return [];
  const field = "threadsPerCore";
  if (threadsPerCore > facts.threadsPerCore) {
    return [
      {
        field,
        problem: `${threadsPerCore} threads per core on a type that has ${facts.threadsPerCore}`,
        remedy: "Leave threadsPerCore out: this type has one thread per core for good",
      },
    ];
  }
  if (facts.virtualization === "virtual") return [];
  return [
    {
      field,
      problem: `${threadsPerCore} thread per core on a bare metal type: EC2 takes no CPU options on metal`,
      remedy:
        "Leave threadsPerCore out (engines then get whole cores, both threads), or choose a virtual type",
    },
  ];
}

function housekeepingProblems(facts: InstanceFacts, request: CpuRequest): NodeProblem[] {
  if (request.mode === "off") return [];
  if (facts.cores < SMALLEST_ISOLATED_MACHINE) {
    return [
      {
        field: "instanceType",
        problem: `${facts.cores} physical cores are too few to isolate any: at least ${SMALLEST_ISOLATED_MACHINE} are needed`,
        remedy: 'Choose a larger type, for example c7i.2xlarge (4 cores), or mode "off"',
      },
    ];
  }
  // The default too: as many NUMA nodes as cores would leave none.
  const cores = request.housekeepingCores ?? defaultHousekeepingCores(facts);
  const most = facts.cores - 1;
  const field = "housekeepingCores";
  const remedy = `Take between ${facts.numaNodes} and ${most}, or leave it out for ${defaultHousekeepingCores(facts)}`;
  if (!Number.isInteger(cores) || cores < 1) {
    return [{ field, problem: `${cores} is not a whole number of cores above 0`, remedy }];
  }
  if (cores < facts.numaNodes) {
    return [
      {
        field,
        problem: `${cores} for ${facts.numaNodes} NUMA nodes: each node needs a core of its own`,
        remedy,
      },
    ];
  }
  if (cores > most) {
    return [{ field, problem: `${cores} of ${facts.cores} cores leave none to isolate`, remedy }];
  }
  return [];
}
