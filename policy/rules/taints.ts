import { NODE_LABEL, NODE_TAINT } from "../../components/contract";
import { engines, podOf } from "../lib/engines";
import type { Field } from "../lib/field";
import {
  launchTemplatesOf,
  NODE_GROUP,
  nodesComponentOf,
  taintEffect,
  tradingGroups,
} from "../lib/node-groups";
import { kubeletFlags, planOf, userDataOf } from "../lib/node-plan";
import { type KubernetesTaint, podSpecs, tolerates, toleratesEverything } from "../lib/pods";
import { type Context, defineRule } from "../lib/rule";
import type { Resource } from "../lib/stack";

interface Settings {
  readonly startupTaints: readonly string[];
  readonly allowedTolerators: readonly string[];
}

/**
 * Taint, toleration, label and selector are four halves of one promise: engines run on these nodes, and nothing else
 * does.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
export const taintTolerationPair = defineRule<Settings>({
  name: "taint-toleration-pair",
  description:
    "Engines' nodes are tainted and labelled alike in every layer, engines tolerate exactly that, and nothing else does.",
  settings: {
    startupTaints: {
      type: "array",
      items: { type: "string" },
      description: "Keys of taints that are removed once a node is checked; engines wait for that.",
    },
    allowedTolerators: {
      type: "array",
      items: { type: "string" },
      description: "Names of resources whose pods may tolerate every taint.",
    },
  },
  defaults: { startupTaints: ["trading/untuned"], allowedTolerators: [] },
  subjects: (stack) => [...tradingGroups(stack), ...engines(stack)],
  absent: "the stack has no engine and no node group for engines",
  inspect: (subject, context) => {
    if (subject.type === NODE_GROUP) inspectGroup(subject, context);
    else inspectEngine(subject, context);
  },
  inspectAll: (subjects, context) => inspectOthers(subjects, context),
});

function inspectGroup(group: Resource, context: Context<Settings>): void {
  const { report, attempt } = context;
  attempt(() => {
    const label = group.inputs.at("labels").at(NODE_LABEL.key);
    if (label.text() === NODE_LABEL.value) return;
    report(label, {
      problem: `must be "${NODE_LABEL.value}"`,
      because: "engines select their nodes by this label and stay Pending without it",
      remedy: `add the label ${NODE_LABEL.key}: ${NODE_LABEL.value}`,
    });
  });
  attempt(() => {
    if (taintsOf(group).some((taint) => text(taint) === text(NODE_TAINT))) return;
    report(group.inputs.at("taints"), {
      problem: `lacks the taint ${text(NODE_TAINT)}`,
      because: "any other pod may land on the node and take CPU time from an engine",
      remedy: `add { key: "${NODE_TAINT.key}", value: "${NODE_TAINT.value}", effect: "NO_SCHEDULE" }`,
    });
  });
  attempt(() => agreeWithPlan(group, context));
}

function taintsOf(group: Resource): KubernetesTaint[] {
  return group.inputs
    .at("taints")
    .list()
    .map((taint) => ({
      key: taint.at("key").text() ?? "",
      value: taint.at("value").text() ?? "",
      effect: taintEffect(taint),
    }));
}

function text({ key, value, effect }: KubernetesTaint): string {
  return `${key}=${value}:${effect}`;
}

/** Plan, node group and the kubelet's own flag: whichever comes last on a node wins, so all three must agree. */
function agreeWithPlan(group: Resource, { report, attempt }: Context<Settings>): void {
  const nodes = nodesComponentOf(group);
  if (nodes === undefined) return;
  const planned = planOf(nodes)
    .at("taints")
    .list()
    .map((taint) => ["key", "value", "effect"].map((key) => taint.at(key).text() ?? ""))
    .map(([key = "", value = "", effect = ""]) => text({ key, value, effect }));
  compare(group.inputs.at("taints"), taintsOf(group).map(text), planned, report);
  for (const [key, label] of planOf(nodes).at("labels").texts()) {
    const own = group.inputs.at("labels").at(key);
    if (own.text() === label) continue;
    report(own, {
      problem: `is "${label}" in the node plan`,
      because: "a node would carry another label than the one that pods were planned for",
      remedy: "change the profile, not the node group",
    });
  }
  for (const template of launchTemplatesOf(group)) attempt(() => agreeInUserData(template, planned, report));
}

function agreeInUserData(
  template: Resource,
  planned: readonly string[],
  report: Context<Settings>["report"],
): void {
  // Unknown user data is judged by cpu-exclusive.
  const content = template.inputs.at("userData").unknown ? undefined : userDataOf(template);
  if (content === undefined) return;
  const prefix = "--register-with-taints=";
  const flag =
    kubeletFlags(template, content).findLast((candidate) => candidate.startsWith(prefix)) ?? prefix;
  const written = flag
    .slice(prefix.length)
    .split(",")
    .filter((taint) => taint !== "");
  compare(
    template.inputs.at("userData"),
    written,
    planned,
    report,
    " of the kubelet's --register-with-taints",
  );
}

function compare(
  at: Field,
  written: readonly string[],
  planned: readonly string[],
  report: Context<Settings>["report"],
  what = "",
): void {
  const missing = planned.filter((taint) => !written.includes(taint));
  const extra = written.filter((taint) => !planned.includes(taint));
  if (missing.length === 0 && extra.length === 0) return;
  const differences = [
    missing.length > 0 ? `lack ${missing.join(", ")}` : "",
    extra.length > 0 ? `add ${extra.join(", ")}` : "",
  ];
  report(at, {
    problem: `the taints${what} ${differences.filter((difference) => difference !== "").join(" and ")} against the node plan`,
    because:
      "a node then joins with other taints than its pods tolerate: engines stay Pending, or strangers move in",
    remedy: "change the taints of the profile, which writes all three places",
    // Base64 helps nobody.
    secret: what !== "",
  });
}

function inspectEngine(engine: Resource, { stack, config, report, attempt }: Context<Settings>): void {
  const pod = podOf(engine);
  const tolerations = pod.at("tolerations");
  attempt(() => {
    const taints = new Map(
      [NODE_TAINT, ...tradingGroups(stack).flatMap(taintsOf)].map((taint) => [text(taint), taint]),
    );
    for (const [name, taint] of taints) {
      if (taint.effect === "PreferNoSchedule" || config.startupTaints.includes(taint.key)) continue;
      if (
        tolerations
          .list()
          .some((toleration) => !toleratesEverything(toleration) && tolerates(toleration, taint))
      )
        continue;
      report(tolerations, {
        problem: `does not tolerate ${name} of the engines' nodes`,
        because:
          "the pods cannot be scheduled there and stay Pending, or run beside everything else on ordinary nodes",
        remedy: `add { key: "${taint.key}", operator: "Equal", value: "${taint.value}", effect: "${taint.effect}" }`,
      });
    }
  });
  attempt(() => refuseTooMuch(tolerations, config, report));
  attempt(() => {
    if (selectsTradingNodes(pod)) return;
    report(pod.at("nodeSelector"), {
      problem: `does not require nodes with ${NODE_LABEL.key}=${NODE_LABEL.value}`,
      because: "a toleration only lets the pod in; it may still land on an untuned node",
      remedy: `set nodeSelector: { ${NODE_LABEL.key}: ${NODE_LABEL.value} }`,
    });
  });
}

function refuseTooMuch(
  tolerations: Field,
  { startupTaints }: Settings,
  report: Context<Settings>["report"],
): void {
  for (const toleration of tolerations.list()) {
    const everything = toleratesEverything(toleration);
    if (!everything && !startupTaints.includes(toleration.at("key").text() ?? "")) continue;
    report(toleration, {
      problem: everything ? "tolerates every taint" : "tolerates the taint of a node that is not checked yet",
      because: "the engine would start on a node that is being drained or whose tuning nobody has verified",
      remedy: "tolerate the taints of the engines' nodes by key, value and effect, and nothing else",
    });
  }
}

function selectsTradingNodes(pod: Field): boolean {
  if (pod.at("nodeSelector").at(NODE_LABEL.key).text() === NODE_LABEL.value) return true;
  const terms = pod
    .at("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    .list();
  // Terms are alternatives: each must ask for the label.
  return terms.length > 0 && terms.every((term) => term.at("matchExpressions").list().some(isNodeLabel));
}

function isNodeLabel(expression: Field): boolean {
  const values = expression
    .at("values")
    .list()
    .map((value) => value.text());
  const sameKey = expression.at("key").text() === NODE_LABEL.key && expression.at("operator").text() === "In";
  return sameKey && values.length > 0 && values.every((value) => value === NODE_LABEL.value);
}

function inspectOthers(
  subjects: readonly Resource[],
  { stack, config, report, attempt }: Context<Settings>,
): void {
  const own = new Set(subjects.map(({ urn }) => urn));
  for (const other of stack.resources) {
    if (own.has(other.urn) || config.allowedTolerators.includes(other.name)) continue;
    for (const toleration of podSpecs(other).flatMap((pod) => pod.at("tolerations").list())) {
      attempt(() => {
        // An agent of the node may name the taint; nobody may tolerate whatever there is.
        const agent = other.kind === "DaemonSet" && !toleratesEverything(toleration);
        if (agent || !tolerates(toleration, NODE_TAINT)) return;
        report(toleration, {
          problem: `lets ${other.label} onto the engines' nodes`,
          because: "its pods take CPU time, cache and memory bandwidth from an engine",
          remedy:
            "tolerate by key only the taints that it needs; an agent of every node is a DaemonSet that names the key",
        });
      });
    }
  }
}
