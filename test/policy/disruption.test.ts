import { pdbCoversEngine } from "../../policy/rules/disruption";
import { describeRule } from "./cases";
import { type FixtureResource, NEVER } from "./support";

function budget(name: string, spec: FixtureResource["inputs"]): FixtureResource {
  return {
    type: "kubernetes:policy/v1:PodDisruptionBudget",
    name,
    inputs: { metadata: { name, namespace: "btc" }, spec },
  };
}

const SELECTOR = { matchLabels: { "trading/role": "engine" } };

describeRule(pdbCoversEngine, {
  accepts: [
    ["a third, which is rounded up to one", (stack) => stack.set("btc-budget", "spec.maxUnavailable", "33%")],
    [
      "two of three that must stay",
      (stack) =>
        stack.set("btc-budget", "spec.maxUnavailable", undefined).set("btc-budget", "spec.minAvailable", 2),
    ],
    [
      "a percentage that must stay, rounded up",
      (stack) =>
        stack
          .set("btc-budget", "spec.maxUnavailable", undefined)
          .set("btc-budget", "spec.minAvailable", "34%"),
    ],
    [
      "one replica where none is written",
      (stack) => stack.set("btc", "spec.replicas", undefined).set("btc-budget", "spec.maxUnavailable", "1%"),
    ],
    ["an empty selector, which matches all", (stack) => stack.set("btc-budget", "spec.selector", {})],
    [
      "a selector by expression",
      (stack) =>
        stack.set("btc-budget", "spec.selector", {
          matchExpressions: [{ key: "trading/role", operator: "In", values: ["engine"] }],
        }),
    ],
    [
      "the number that the component declares",
      (stack) => stack.set("btc-engine", "maxDisrupted", 2).set("btc-budget", "spec.maxUnavailable", 2),
    ],
    [
      "a budget over other pods beside it",
      (stack) => stack.add(budget("others", { maxUnavailable: 5, selector: { matchLabels: { app: "x" } } })),
    ],
  ],
  refuses: [
    [
      "no budget",
      (stack) => stack.without("btc-budget"),
      /StatefulSet "btc": no PodDisruptionBudget in namespace "btc" selects its pods/,
    ],
    [
      "a budget in another namespace",
      (stack) => stack.set("btc-budget", "metadata.namespace", undefined),
      /selects its labels, but is in namespace "default" and the pods are in "btc"/,
    ],
    [
      "a budget over other labels",
      (stack) => stack.set("btc-budget", "spec.selector", { matchLabels: { app: "x" } }),
      /no PodDisruptionBudget/,
    ],
    [
      "a budget without selector",
      (stack) => stack.set("btc-budget", "spec.selector", undefined),
      /no PodDisruptionBudget/,
    ],
    [
      "an expression that does not hold",
      (stack) =>
        stack.set("btc-budget", "spec.selector", {
          matchExpressions: [{ key: "trading/role", operator: "DoesNotExist" }],
        }),
      /no PodDisruptionBudget/,
    ],
    [
      "two budgets",
      (stack) =>
        stack.add(
          budget("second", {
            maxUnavailable: 1,
            unhealthyPodEvictionPolicy: "AlwaysAllow",
            selector: SELECTOR,
          }),
        ),
      /is selected by 2 disruption budgets \(btc-budget, second\)/,
    ],
    [
      "a budget that allows nothing",
      (stack) => stack.set("btc-budget", "spec.maxUnavailable", "0%"),
      /allows 0 of 3 pods.*15 minutes/,
    ],
    [
      "a budget that allows two",
      (stack) => stack.set("btc-budget", "spec.maxUnavailable", "34%"),
      /maxUnavailable = "34%": allows 2 of 3 pods/,
    ],
    [
      "a minimum of all",
      (stack) =>
        stack
          .set("btc-budget", "spec.maxUnavailable", undefined)
          .set("btc-budget", "spec.minAvailable", "100%"),
      /allows 0 of 3/,
    ],
    [
      "a minimum of one",
      (stack) =>
        stack.set("btc-budget", "spec.maxUnavailable", undefined).set("btc-budget", "spec.minAvailable", 1),
      /allows 2 of 3/,
    ],
    [
      "no number at all",
      (stack) => stack.set("btc-budget", "spec.maxUnavailable", undefined),
      /allows 3 of 3/,
    ],
    [
      "nonsense for a number",
      (stack) => stack.set("btc-budget", "spec.maxUnavailable", "half"),
      /must be a whole number or a percentage/,
    ],
    [
      "no choice for unhealthy pods",
      (stack) => stack.set("btc-budget", "spec.unhealthyPodEvictionPolicy", undefined),
      /unhealthyPodEvictionPolicy \(not set\): must be chosen/,
    ],
    [
      "a patch of a budget",
      (stack) =>
        stack.add({ type: "kubernetes:policy/v1:PodDisruptionBudgetPatch", name: "loosen", inputs: {} }),
      /PodDisruptionBudgetPatch "loosen"/,
    ],
  ],
  needs: [
    ["the number", (stack) => stack.set("btc-budget", "spec.maxUnavailable", NEVER), /maxUnavailable/],
    ["the selector", (stack) => stack.set("btc-budget", "spec.selector", NEVER), /spec\.selector/],
    ["the namespace", (stack) => stack.set("btc-budget", "metadata.namespace", NEVER), /metadata\.namespace/],
    ["the replicas", (stack) => stack.set("btc", "spec.replicas", NEVER), /spec\.replicas/],
    [
      "the pods' labels",
      (stack) => stack.set("btc", "spec.template.metadata.labels", NEVER),
      /template\.metadata\.labels/,
    ],
  ],
});
