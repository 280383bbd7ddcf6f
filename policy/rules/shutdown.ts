import { ANNOTATIONS, type ShutdownBudget } from "../../components/contract";
import { engines, graceOf, podOf } from "../lib/engines";
import { kubeletWindows } from "../lib/node-plan";
import { type Context, defineRule } from "../lib/rule";
import { budgetAnnotation, preStopHooks, readBudget } from "../lib/shutdown";
import type { Resource } from "../lib/stack";

interface BudgetSettings {
  readonly minimumSlackSeconds: number;
}

/**
 * The clock of the grace period starts with the preStop hook, not with SIGTERM: the period must hold the hook, every
 * declared phase, and some slack.
 *
 * @see https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-execution
 */
export const shutdownBudget = defineRule<BudgetSettings>({
  name: "shutdown-budget",
  description: "The grace period holds the preStop hook, every declared phase of a shutdown, and slack.",
  settings: {
    minimumSlackSeconds: {
      type: "number",
      minimum: 0,
      description: "Least slack that a budget must declare.",
    },
  },
  defaults: { minimumSlackSeconds: 5 },
  subjects: engines,
  absent: "the stack has no engine",
  inspect: (engine, context) => {
    context.attempt(() => boundedHooks(engine, context));
    context.attempt(() => {
      const budget = declaredBudget(engine, context);
      if (budget !== undefined) compare(engine, budget, context);
    });
  },
});

function boundedHooks(engine: Resource, { report }: Context<BudgetSettings>): void {
  for (const { field, seconds } of preStopHooks(podOf(engine))) {
    if (seconds !== undefined) continue;
    const command = field
      .list()
      .map((word) => word.text())
      .join(" ");
    report(field, {
      problem: `runs \`${command}\`, whose duration nothing bounds`,
      because:
        "if the first command fails or is missing from the image, what follows && is skipped and SIGTERM comes at once; if it hangs, the hook eats the time to cancel orders",
      remedy: "use preStop.httpGet on the engine's /shutdown, or preStop.sleep",
    });
  }
}

function declaredBudget(
  engine: Resource,
  { config, report }: Context<BudgetSettings>,
): ShutdownBudget | undefined {
  const annotation = budgetAnnotation(engine);
  const shape = '{"preStop":0,"cancelOrders":30,"confirmations":10,"flush":5,"slack":15}';
  if (!annotation.present) {
    report(annotation, {
      problem: "no shutdown budget is declared",
      because: "nobody can tell whether the grace period is long enough to cancel orders, confirm and flush",
      remedy: `declare the seconds of each phase in the annotation ${ANNOTATIONS.shutdownBudget}: ${shape}`,
    });
    return undefined;
  }
  const read = readBudget(annotation);
  if ("wrong" in read) {
    report(read.wrong, {
      problem: "must be a number of seconds",
      because: "a phase without a bound makes the whole sum unbounded",
      remedy: `write all five phases, for example ${shape}`,
    });
    return undefined;
  }
  if (read.budget.slack < config.minimumSlackSeconds) {
    report(annotation.json().at("slack"), {
      problem: `is below ${config.minimumSlackSeconds} s`,
      because: "the phases are upper bounds on a good day; the kubelet kills at the very second",
      remedy: `declare at least ${config.minimumSlackSeconds} s of slack and add it to the grace period`,
    });
  }
  return read.budget;
}

function compare(engine: Resource, budget: ShutdownBudget, { report }: Context<BudgetSettings>): void {
  const hook = Math.max(budget.preStop, ...preStopHooks(podOf(engine)).map(({ seconds }) => seconds ?? 0));
  const { cancelOrders, confirmations, flush, slack } = budget;
  const needed = hook + cancelOrders + confirmations + flush + slack;
  const grace = graceOf(engine);
  if (grace >= needed) return;
  report(podOf(engine).at("terminationGracePeriodSeconds"), {
    problem: `gives ${grace} s, and a shutdown takes up to ${needed} s (preStop ${hook} + cancel ${cancelOrders} + confirm ${confirmations} + flush ${flush} + slack ${slack})`,
    because: "the kubelet kills the engine with orders still open",
    remedy: `set it to at least ${needed}, or shorten the phases in ${ANNOTATIONS.shutdownBudget}`,
  });
}

interface PlatformSettings {
  readonly maxGraceSeconds: number;
  readonly foreignWindowSeconds: number;
}

/**
 * A grace period is only as long as the platform lets it be: EKS ends a drain after 15 minutes, and the kubelet ends
 * every pod when its own shutdown window is over.
 *
 * @see https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#graceful-node-shutdown
 * @see https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
 */
export const graceFitsThePlatform = defineRule<PlatformSettings>({
  name: "grace-fits-the-platform",
  description: "The grace period fits the kubelet's shutdown window and the drain of a node group.",
  settings: {
    maxGraceSeconds: {
      type: "integer",
      minimum: 1,
      description: "Longest drain of a node that EKS waits for.",
    },
    foreignWindowSeconds: {
      type: "integer",
      minimum: 0,
      description:
        "The kubelet's shutdown window on nodes that this stack does not make: 120 with nodeadm's defaults.",
    },
  },
  defaults: { maxGraceSeconds: 900, foreignWindowSeconds: 120 },
  subjects: engines,
  absent: "the stack has no engine",
  inspect: (engine, { stack, config, report, attempt }) => {
    const field = podOf(engine).at("terminationGracePeriodSeconds");
    const grace = graceOf(engine);
    if (grace > config.maxGraceSeconds) {
      report(field, {
        problem: `is longer than the ${config.maxGraceSeconds} s that EKS waits for a node's drain`,
        because:
          "the upgrade fails with PodEvictionFailure, or with force kills the engine in the middle of its shutdown",
        remedy: `shorten the shutdown to at most ${config.maxGraceSeconds} s`,
      });
    }
    attempt(() => {
      const foreign = { of: "nodes that this stack does not make", seconds: config.foreignWindowSeconds };
      const [narrowest = foreign] = kubeletWindows(stack).sort((left, right) => left.seconds - right.seconds);
      const { of, seconds } = narrowest;
      if (grace <= seconds) return;
      report(field, {
        problem: `gives ${grace} s, and the kubelet of ${of} cuts every pod off after ${seconds} s`,
        because: "when the instance is stopped, the engine is killed with orders still open",
        remedy: `raise shutdownGracePeriod of the nodes to more than ${grace} s plus the part for critical pods, or shorten the shutdown`,
      });
    });
  },
});
