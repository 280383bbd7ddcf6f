import { allowedDisruptions } from "../lib/disruptions";
import { declared, engines, namespaceOf, podLabels, replicasOf } from "../lib/engines";
import { type Context, defineRule } from "../lib/rule";
import { selects } from "../lib/selector";
import type { Resource, Stack } from "../lib/stack";

const BUDGET = "kubernetes:policy/v1:PodDisruptionBudget";
const BUDGET_PATCH = "kubernetes:policy/v1:PodDisruptionBudgetPatch";

interface Settings {
  readonly maxDisrupted: number;
}

/**
 * One budget, and the one that was meant: it lets exactly the declared number of pods go at once.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/configure-pdb/
 */
export const pdbCoversEngine = defineRule<Settings>({
  name: "pdb-covers-engine",
  description:
    "Exactly one disruption budget covers each engine and allows the declared number of disruptions.",
  settings: {
    maxDisrupted: {
      type: "integer",
      minimum: 1,
      description: "Pods that may be disrupted at once where no TradingEngine declares it.",
    },
  },
  defaults: { maxDisrupted: 1 },
  subjects: engines,
  absent: "the stack has no engine",
  inspect: (engine, context) => {
    const matching = budgetsOver(engine, context);
    const [budget, ...others] = matching;
    if (budget === undefined) return reportUncovered(engine, context);
    if (others.length > 0) {
      context.report(engine, {
        problem: `is selected by ${matching.length} disruption budgets (${matching.map(({ name }) => name).join(", ")})`,
        because: "the eviction API answers with an error for such pods, so that no node can be drained",
        remedy: "keep one budget",
      });
    }
    for (const each of matching) inspectBudget(each, engine, context);
  },
  inspectAll: (_, { stack, report }) => {
    for (const patch of stack.ofType(BUDGET_PATCH)) {
      report(patch, {
        problem: "changes a disruption budget that the rules then no longer see whole",
        because: "the budget in the cluster may allow more disruptions than the one that was checked",
        remedy: "write the change into the PodDisruptionBudget itself",
      });
    }
  },
});

function budgetsOver(engine: Resource, { stack, attempt }: Context<Settings>): Resource[] {
  const matching: Resource[] = [];
  for (const budget of stack.ofType(BUDGET)) {
    attempt(() => {
      if (namespaceOf(budget) === namespaceOf(engine) && covers(budget, engine)) matching.push(budget);
    });
  }
  return matching;
}

function covers(budget: Resource, engine: Resource): boolean {
  return selects(budget.inputs.at("spec", "selector"), podLabels(engine));
}

function reportUncovered(engine: Resource, { stack, report }: Context<Settings>): void {
  const elsewhere = budgetElsewhere(stack, engine);
  const namespace = namespaceOf(engine);
  report(engine, {
    problem:
      elsewhere === undefined
        ? `no PodDisruptionBudget in namespace "${namespace}" selects its pods`
        : `PodDisruptionBudget "${elsewhere.name}" selects its labels, but is in namespace "${namespaceOf(elsewhere)}" and the pods are in "${namespace}"`,
    because: "a node upgrade may evict every engine at once, and all markets go dark together",
    remedy:
      elsewhere === undefined
        ? `add one in "${namespace}" with maxUnavailable: 1 and the pods' labels as selector`
        : `set metadata.namespace of the budget to "${namespace}"`,
  });
}

function budgetElsewhere(stack: Stack, engine: Resource): Resource | undefined {
  return stack.ofType(BUDGET).find((budget) => covers(budget, engine));
}

function inspectBudget(
  budget: Resource,
  engine: Resource,
  { config, report, attempt }: Context<Settings>,
): void {
  const spec = budget.inputs.at("spec");
  attempt(() => {
    const replicas = replicasOf(engine);
    const wanted = Math.min(declared(engine, "maxDisrupted")?.number() ?? config.maxDisrupted, replicas);
    const { field, allowed } = allowedDisruptions(spec, replicas);
    if (allowed !== wanted) {
      report(field, {
        problem: `allows ${allowed} of ${replicas} pods to be disrupted at once, and ${wanted} is declared`,
        because:
          allowed < wanted
            ? "a node upgrade waits for the eviction until it fails after 15 minutes"
            : `an upgrade may take ${allowed} engines down together, each with the only copy of its markets`,
        remedy: `set maxUnavailable: ${wanted} and no minAvailable`,
      });
    }
  });
  attempt(() => {
    const policy = spec.at("unhealthyPodEvictionPolicy");
    if (["AlwaysAllow", "IfHealthyBudget"].includes(policy.text() ?? "")) return;
    report(policy, {
      problem: "must be chosen",
      because:
        "the default blocks the drain of a node whose engine is broken, which is when the node is drained",
      remedy: "set AlwaysAllow, or IfHealthyBudget if a broken engine must stay for inspection",
    });
  });
}
