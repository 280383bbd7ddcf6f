import { declared, engines, podOf } from "../lib/engines";
import type { Field } from "../lib/field";
import { tradingGroups } from "../lib/node-groups";
import { plannedNodes, planOf, planOption } from "../lib/node-plan";
import { containers, isSidecar } from "../lib/pods";
import { quantity } from "../lib/quantity";
import { type Context, defineRule } from "../lib/rule";
import type { Resource } from "../lib/stack";
import { inspectPlan, inspectTemplates } from "./cpu-layers";

const MEBIBYTE = 2 ** 20 * 1000;

/**
 * The kubelet gives CPUs of their own only to containers of Guaranteed pods that ask for whole CPUs; and the kernel
 * isolates only the CPUs that its command line names. Pod, kubelet and kernel must mean the same CPUs.
 *
 * @see https://kubernetes.io/docs/tasks/administer-cluster/cpu-management-policies/#static-policy
 */
export const cpuExclusive = defineRule({
  name: "cpu-exclusive",
  description:
    "Every container of an engine gets CPUs of its own, and pod, kubelet and kernel agree on which.",
  settings: {},
  defaults: {},
  subjects: (stack) => [...plannedNodes(stack), ...engines(stack)],
  absent: "the stack has no engine and no planned nodes",
  inspect: (subject, context) => {
    if (plannedNodes(context.stack).includes(subject)) {
      context.attempt(() => inspectPlan(planOf(subject), context));
      return inspectTemplates(subject, context);
    }
    const pod = podOf(subject);
    for (const container of containers(pod)) inspectContainer(container, context);
    context.attempt(() => refusePodResources(pod, context));
    context.attempt(() => fitsPlans(subject, context));
  },
  inspectAll: (_, context) => refuseUnplanned(context),
});

function inspectContainer(container: Field, context: Context<object>): void {
  context.attempt(() => {
    const cpu = guaranteed(container, "cpu", context);
    if (cpu === undefined) return;
    const limit = container.at("resources", "limits", "cpu");
    if (cpu % 1000 !== 0 || cpu === 0) {
      context.report(limit, {
        problem: "is not a whole number of CPUs",
        because: "the kubelet then pins nothing, and the container shares CPUs with every other pod",
        remedy: "ask for a whole number of CPUs, in init containers and sidecars too",
      });
    } else if (wholeCores(context) && cpu % 2000 !== 0) {
      context.report(limit, {
        problem: "is an odd number of CPUs on nodes with two threads a core and full-pcpus-only",
        because: "the kubelet rejects the pod with SMTAlignmentError",
        remedy: "ask for an even number, or set threadsPerCore: 1 on the nodes",
      });
    }
  });
  context.attempt(() => void guaranteed(container, "memory", context));
}

/** The container's share in thousandths, or `undefined` after a report: request and limit set, and the same amount. */
function guaranteed(
  container: Field,
  resource: "cpu" | "memory",
  { report }: Context<object>,
): number | undefined {
  const limit = container.at("resources", "limits", resource);
  const request = container.at("resources", "requests", resource);
  const most = quantity(limit);
  // The API server takes the limit where no request is set.
  const asked = quantity(request) ?? most;
  if (most !== undefined && most === asked) return most;
  report(most === undefined ? limit : request, {
    problem:
      most === undefined ? `no limit of ${resource} is set` : `differs from the limit ${limit.scalar()}`,
    because:
      resource === "cpu"
        ? "the pod is not Guaranteed, so that no container of it gets CPUs of its own"
        : "the pod is not Guaranteed: it loses its CPUs, and is among the first to be killed when memory runs short",
    remedy: `set requests.${resource} and limits.${resource} to the same amount`,
  });
  return undefined;
}

function wholeCores({ stack }: Context<object>): boolean {
  return plannedNodes(stack).some((nodes) => {
    const plan = planOf(nodes);
    return (
      plan.at("cpus", "threadsPerCore").number() === 2 &&
      planOption(plan, "cpuManagerPolicyOptions", "full-pcpus-only") === "true"
    );
  });
}

function refusePodResources(pod: Field, { report }: Context<object>): void {
  const resources = pod.at("resources");
  if (!resources.present) return;
  report(resources, {
    problem: "resources of the whole pod are set",
    because: "the static CPU manager gives such a pod no CPUs of its own",
    remedy: "set requests and limits of each container instead",
  });
}

function fitsPlans(engine: Resource, { stack, report }: Context<object>): void {
  const pod = podOf(engine);
  for (const nodes of plannedNodes(stack)) {
    const plan = planOf(nodes);
    const millicpu = podTotal(pod, "cpu") + plan.at("addonMillicpu").requiredNumber();
    const mebibytes = podTotal(pod, "memory") / MEBIBYTE + plan.at("addonMebibytes").requiredNumber();
    compare("CPU", millicpu, plan.at("allocatableMillicpu"), "m");
    compare("memory", mebibytes, plan.at("allocatableMebibytes"), " MiB");
  }
  function compare(what: string, needed: number, allocatable: Field, unit: string): void {
    const available = allocatable.requiredNumber();
    if (needed <= available) return;
    report(declared(engine, what === "CPU" ? "cpus" : "memoryMebibytes") ?? pod.at("containers"), {
      problem: `engine and add-on DaemonSets need ${needed}${unit} of ${what}, and ${allocatable.place} leaves ${available}${unit}`,
      because: "the pod never fits on a node and stays Pending",
      remedy: "give the engine less, or choose a larger instance type",
    });
  }
}

/**
 * What the scheduler reserves for the pod: the running containers, or the largest init container if that is more.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
function podTotal(pod: Field, resource: "cpu" | "memory"): number {
  const share = (container: Field): number =>
    quantity(container.at("resources", "requests", resource)) ??
    quantity(container.at("resources", "limits", resource)) ??
    0;
  const initContainers = pod.at("initContainers").list();
  const sidecars = sum(initContainers.filter(isSidecar).map(share));
  const ordinary = initContainers.filter((container) => !isSidecar(container)).map(share);
  return sidecars + Math.max(sum(pod.at("containers").list().map(share)), ...ordinary);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Without a plan nobody knows which CPUs a group isolates and reserves. */
function refuseUnplanned({ stack, report }: Context<object>): void {
  for (const group of tradingGroups(stack)) {
    if (plannedNodes(stack).some((nodes) => group.within(nodes.type) === nodes)) continue;
    report(group, {
      problem: "is a node group for engines without a node plan",
      because:
        "nothing tells which CPUs its kernel isolates and its kubelet reserves, so an engine may be promised the kernel's own",
      remedy: "make the group with TradingNodes",
    });
  }
}
