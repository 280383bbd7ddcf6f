/** From a node profile to everything that follows from it. */
import { addonRequests, allocatable } from "./addons";
import { cpuPlanProblems, planCpus } from "./cpu-plan";
import { instanceFacts, KNOWN_INSTANCE_TYPES } from "./instance-types";
import { kernelArguments } from "./kernel-arguments";
import { type ChosenKnobs, hugepagesMebibytes, knobProblems, knobWarnings, resolveKnobs } from "./knobs";
import { engineShutdownWindow, kubeletConfig } from "./node-config";
import { NODE_LABEL, NODE_TAINT } from "./placement";
import { NodePlanError, type NodeProblem } from "./problems";
import type { CpuPlan, InstanceFacts, NodePlan, Taint, TuningMode } from "./types";

/** Labels of a trading node: what engines select. */
export const DEFAULT_LABELS: Readonly<Record<string, string>> = { [NODE_LABEL.key]: NODE_LABEL.value };

/** Taints of a trading node: what keeps everything else away. */
export const DEFAULT_TAINTS: readonly Taint[] = [NODE_TAINT];

/** Seconds of a node shutdown kept for critical pods after the engines are gone. */
export const DEFAULT_CRITICAL_SHUTDOWN = 30;

/** What somebody decides about the trading nodes; all else is derived. */
export interface NodeProfile {
  /** EC2 instance type, one of `INSTANCE_TYPES`. */
  readonly instanceType: string;
  readonly mode: TuningMode;
  /** @default each knob's own */
  readonly knobs?: ChosenKnobs;
  /** 1 switches SMT off; virtual types only. @default the type's own */
  readonly threadsPerCore?: 1 | 2;
  /** Whole cores for kernel, interrupts, kubelet and daemons. @default by size, see `defaultHousekeepingCores` */
  readonly housekeepingCores?: number;
  /** Seconds the slowest engine on these nodes may take to stop: its pod's termination grace period. */
  readonly engineGraceSeconds: number;
  /** @default DEFAULT_LABELS */
  readonly labels?: Readonly<Record<string, string>>;
  /** The complete list. @default DEFAULT_TAINTS */
  readonly taints?: readonly Taint[];
  /** Seconds for critical pods after the engines are gone. @default 30 */
  readonly criticalShutdownSeconds?: number;
}

/**
 * The plan of a node profile: pure, so equal profiles give equal plans.
 *
 * @throws NodePlanError with every problem of the profile.
 */
export function planNode(profile: NodeProfile): NodePlan {
  const problems = nodeProfileProblems(profile);
  const facts = instanceFacts(profile.instanceType);
  if (facts === undefined || problems.length > 0) throw new NodePlanError(problems);
  const { instanceType, mode, engineGraceSeconds } = profile;
  const criticalShutdownSeconds = profile.criticalShutdownSeconds ?? DEFAULT_CRITICAL_SHUTDOWN;
  const cpus = planCpus(facts, profile);
  const knobs = resolveKnobs(facts, profile.knobs ?? {});
  const hugepages = mode === "off" ? 0 : hugepagesMebibytes(facts, knobs);
  const capacity = allocatable(facts, cpus, mode);
  const addons = addonRequests();
  return {
    instanceType,
    vendor: facts.vendor,
    architecture: facts.architecture,
    virtualization: facts.virtualization,
    mode,
    cpus,
    knobs,
    warnings: mode === "off" ? [] : knobWarnings(facts, knobs),
    cpuOptions: cpuOptions(facts, cpus),
    kernelArguments: kernelArguments(facts, cpus, mode, knobs),
    kubeletConfig: kubeletConfig({ cpus, mode, engineGraceSeconds, criticalShutdownSeconds }),
    labels: profile.labels ?? DEFAULT_LABELS,
    taints: profile.taints ?? DEFAULT_TAINTS,
    engineShutdownWindow: engineShutdownWindow(engineGraceSeconds),
    allocatableMillicpu: capacity.millicpu,
    addonMillicpu: addons.millicpu,
    allocatableMebibytes: capacity.mebibytes - hugepages,
    addonMebibytes: addons.mebibytes,
  };
}

/** Everything that is wrong with a profile; empty when it can be planned. */
export function nodeProfileProblems(profile: NodeProfile): NodeProblem[] {
  const facts = instanceFacts(profile.instanceType);
  return [
    ...(facts === undefined ? [unknownType(profile.instanceType)] : machineProblems(facts, profile)),
    ...secondsProblems("engineGraceSeconds", profile.engineGraceSeconds, 1),
    ...secondsProblems(
      "criticalShutdownSeconds",
      profile.criticalShutdownSeconds ?? DEFAULT_CRITICAL_SHUTDOWN,
      10,
    ),
    ...labelProblems(profile.labels ?? {}),
    ...taintProblems(profile.taints ?? []),
  ];
}

function machineProblems(facts: InstanceFacts, profile: NodeProfile): NodeProblem[] {
  return [...cpuPlanProblems(facts, profile), ...knobProblems(facts, profile.knobs ?? {})];
}

/** EC2 wants both fields, and takes neither on metal; a request for the type's own number is left out. */
function cpuOptions(facts: InstanceFacts, cpus: CpuPlan): NodePlan["cpuOptions"] {
  if (cpus.threadsPerCore === facts.threadsPerCore) return null;
  return { coreCount: facts.cores, threadsPerCore: cpus.threadsPerCore };
}

function unknownType(type: string): NodeProblem {
  return {
    field: "instanceType",
    problem: `"${type}" is not a known instance type`,
    remedy: `Choose one of ${KNOWN_INSTANCE_TYPES.join(", ")}, or add its facts to tuning/instance-types.ts`,
  };
}

function secondsProblems(field: string, value: number, least: number): NodeProblem[] {
  if (Number.isInteger(value) && value >= least) return [];
  return [
    { field, problem: `${value} is not a whole number of seconds`, remedy: `Give ${least} seconds or more` },
  ];
}

/** Kubernetes' rule for a qualified name, and its rule for a value; both end up inside one comma-separated flag. */
const QUALIFIED_NAME =
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

function labelProblems(labels: Readonly<Record<string, string>>): NodeProblem[] {
  return Object.entries(labels).flatMap(([key, value]) => nameProblems(`labels.${key}`, key, value));
}

function taintProblems(taints: readonly Taint[]): NodeProblem[] {
  return taints.flatMap(({ key, value }, index) => nameProblems(`taints[${index}]`, key, value));
}

function nameProblems(field: string, key: string, value: string): NodeProblem[] {
  const remedy =
    "Use letters, digits, '-', '_' and '.', at most 63 characters, beginning and ending with a letter or digit";
  return [
    ...(QUALIFIED_NAME.test(key) ? [] : [{ field, problem: `"${key}" is not a Kubernetes key`, remedy }]),
    ...(LABEL_VALUE.test(value) ? [] : [{ field, problem: `"${value}" is not a Kubernetes value`, remedy }]),
  ];
}
