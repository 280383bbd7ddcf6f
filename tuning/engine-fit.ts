/** Whether an engine gets exclusive CPUs and its memory on a planned node, next to the add-ons. */
import { cpusByNumaNode } from "./cpu-plan";
import { cpuListSize } from "./cpu-set";
import type { NodeProblem } from "./problems";
import type { NodePlan } from "./types";

/** What one engine's pod requests, all its containers together. */
export interface EngineRequest {
  readonly cpus: number;
  readonly memoryMebibytes: number;
}

/**
 * Problems of an engine that is to run on a node of the plan, beside the add-ons and no other engine; empty when it
 * fits. Each problem's field is `cpus` or `memory`.
 */
export function checkEngineFits(plan: NodePlan, engine: EngineRequest): NodeProblem[] {
  return [...cpuProblems(plan, engine.cpus), ...memoryProblems(plan, engine.memoryMebibytes)];
}

/** The most CPUs an engine on this node can have to itself. 0 when the node has none to give. */
export function largestEngine(plan: NodePlan): number {
  const free = Math.floor((plan.allocatableMillicpu - plan.addonMillicpu) / 1000);
  const most = Math.max(0, Math.min(free, exclusiveCpus(plan)));
  return most - (most % plan.cpus.threadsPerCore);
}

function cpuProblems(plan: NodePlan, cpus: number): NodeProblem[] {
  const largest = largestEngine(plan);
  const remedy =
    largest === 0
      ? "Choose a larger instance type"
      : `Give at most ${largest}, or choose a larger instance type`;
  if (!Number.isInteger(cpus) || cpus < 1) {
    return [
      {
        field: "cpus",
        problem: `${cpus} is not a whole number of CPUs: the kubelet would pin nothing`,
        remedy: `Give a whole number up to ${largest}`,
      },
    ];
  }
  const odd: NodeProblem[] =
    cpus % plan.cpus.threadsPerCore === 0
      ? []
      : [
          {
            field: "cpus",
            problem: `${cpus} is odd, but ${plan.instanceType} has ${plan.cpus.threadsPerCore} threads per core and engines get whole cores`,
            remedy: `Give ${[cpus - 1, cpus + 1].filter((count) => count >= 2 && count <= largest).join(" or ") || "an even number"}, or set threadsPerCore 1 on a virtual type`,
          },
        ];
  return [...odd, ...isolationProblems(plan, cpus, remedy), ...accountProblems(plan, cpus, remedy)];
}

function isolationProblems(plan: NodePlan, cpus: number, remedy: string): NodeProblem[] {
  const most = exclusiveCpus(plan);
  if (cpus <= most) return [];
  const why =
    plan.mode === "off"
      ? `only ${most} can be exclusive, the rest is the kubelet's reserve`
      : plan.cpus.numaNodes > 1
        ? `only ${most} are isolated on one of its ${plan.cpus.numaNodes} NUMA nodes, and an engine stays on one`
        : `only ${most} are isolated (CPUs ${plan.cpus.isolated}; housekeeping has ${plan.cpus.housekeeping}), and add-ons take ${plan.addonMillicpu}m of the ${plan.allocatableMillicpu}m allocatable`;
  return [{ field: "cpus", problem: `${cpus} CPUs on ${plan.instanceType}: ${why}`, remedy }];
}

function accountProblems(plan: NodePlan, cpus: number, remedy: string): NodeProblem[] {
  if (cpus > exclusiveCpus(plan) || cpus * 1000 + plan.addonMillicpu <= plan.allocatableMillicpu) return [];
  const { allocatableMillicpu, addonMillicpu } = plan;
  return [
    {
      field: "cpus",
      problem: `${cpus * 1000}m for the engine and ${addonMillicpu}m for add-ons exceed the ${allocatableMillicpu}m allocatable on ${plan.instanceType}`,
      remedy,
    },
  ];
}

function memoryProblems(plan: NodePlan, memory: number): NodeProblem[] {
  const free = plan.allocatableMebibytes - plan.addonMebibytes;
  if (memory > 0 && memory <= free) return [];
  const problem =
    memory > 0
      ? `${memory} MiB for the engine and ${plan.addonMebibytes} MiB for add-ons exceed the ${plan.allocatableMebibytes} MiB allocatable on ${plan.instanceType}`
      : `${memory} MiB is not an amount of memory`;
  return [{ field: "memory", problem, remedy: `Give at most ${free} MiB, or choose a larger instance type` }];
}

/**
 * CPUs the static CPU manager can hand to one pod: the isolated ones, or in mode `off` all but the reserve, by whole
 * cores. On several NUMA nodes only those of one: the topology manager refuses a pod that spans two.
 */
function exclusiveCpus(plan: NodePlan): number {
  const { cpus } = plan;
  if (plan.mode !== "off") return Math.max(...cpusByNumaNode(cpus, cpus.isolated).map(cpuListSize));
  const online = cpuListSize(cpus.online);
  const reserved = Math.ceil((online * 1000 - plan.allocatableMillicpu) / 1000);
  const whole = Math.ceil(reserved / cpus.threadsPerCore) * cpus.threadsPerCore;
  // The reserve is taken from the first NUMA node, so another node is whole.
  return cpus.numaNodes === 1 ? online - whole : online / cpus.numaNodes;
}
