import { engineMustBeStatefulSet, marketAssignmentUnique, singleWriter } from "../../policy/rules/identity";
import { describeRule } from "./cases";
import { DIGEST, engineResources } from "./fixtures/engine";
import { type FixtureResource, type FixtureStack, type Json, NEVER } from "./support";

const POD = "spec.template.spec";
const MAP = ["data", "markets.json"];

function markets(map: object) {
  return (stack: FixtureStack): FixtureStack => stack.set("btc-markets", MAP, JSON.stringify(map));
}

/** A second engine with its own map. */
function secondEngine(map: object): FixtureResource[] {
  return engineResources()
    .filter(({ name }) => ["btc-engine", "btc-markets", "btc"].includes(name))
    .map((resource) => ({
      ...JSON.parse(JSON.stringify(resource).replaceAll("btc", "eth")),
      ...(resource.name === "btc-markets"
        ? {
            inputs: {
              metadata: { name: "eth-markets", namespace: "eth" },
              data: { "markets.json": JSON.stringify(map) },
            },
          }
        : {}),
    }));
}

describeRule(marketAssignmentUnique, {
  accepts: [
    [
      "ordinals that start at 5",
      (stack) => markets({ 5: ["A"], 6: ["B"], 7: ["C"] })(stack).set("btc", "spec.ordinals", { start: 5 }),
    ],
    [
      "a projected map",
      (stack) =>
        stack.set("btc", `${POD}.volumes.0`, {
          name: "markets",
          projected: { sources: [{ configMap: { name: "btc-markets" } }] },
        }),
    ],
    [
      "a second engine with other markets",
      (stack) => stack.add(...secondEngine({ 0: ["X"], 1: ["Y"], 2: ["Z"] })),
    ],
  ],
  refuses: [
    [
      "an ordinal without a list",
      markets({ 0: ["A"], 1: ["B"] }),
      /ordinal 2 of StatefulSet "btc" has no market/,
    ],
    ["an empty list", markets({ 0: ["A"], 1: ["B"], 2: [] }), /ordinal 2 .* has no market/],
    [
      "one more replica than lists",
      (stack) => stack.set("btc", "spec.replicas", 4),
      /ordinal 3 .* has no market.*btc-3 would run and trade nothing/,
    ],
    [
      "one list more than replicas",
      markets({ 0: ["A"], 1: ["B"], 2: ["C"], 3: ["D"] }),
      /is not an ordinal of StatefulSet "btc", which has 0, 1, 2/,
    ],
    [
      "ordinals that moved",
      (stack) => stack.set("btc", "spec.ordinals", { start: 1 }),
      /ordinal 3 .* has no market/,
    ],
    ["a name for an ordinal", markets({ 0: ["A"], 1: ["B"], 2: ["C"], default: ["D"] }), /is not an ordinal/],
    [
      "a market twice",
      markets({ 0: ["A"], 1: ["B"], 2: ["a"] }),
      /ordinal 2 of StatefulSet "btc" and ordinal 0 of StatefulSet "btc" both own it/,
    ],
    [
      "a market with two engines",
      (stack) => stack.add(...secondEngine({ 0: ["X"], 1: ["ETHUSDT"], 2: ["Z"] })),
      /ordinal 1 of StatefulSet "eth" and ordinal 1 of StatefulSet "btc" both own it/,
    ],
    ["no map", (stack) => stack.without("btc-markets"), /no ConfigMap with markets\.json/],
    [
      "a map in another namespace",
      (stack) => stack.set("btc-markets", "metadata.namespace", "other"),
      /no ConfigMap/,
    ],
    ["a map that is not mounted", (stack) => stack.set("btc", `${POD}.volumes`, undefined), /no ConfigMap/],
    [
      "a map that no container mounts",
      (stack) => stack.set("btc", `${POD}.containers.0.volumeMounts.1.name`, "other"),
      /no ConfigMap/,
    ],
    ["a map that is not JSON", (stack) => stack.set("btc-markets", MAP, "{"), /must be JSON/],
    ["a list that is a text", markets({ 0: "A", 1: ["B"], 2: ["C"] }), /must be a list/],
    [
      "a patch of a map",
      (stack) =>
        stack.add({
          type: "kubernetes:core/v1:ConfigMapPatch",
          name: "swap",
          inputs: { data: { "markets.json": "{}" } },
        }),
      /changes a market map from outside/,
    ],
  ],
  needs: [
    ["the map", (stack) => stack.set("btc-markets", MAP, NEVER), /markets\.json/],
    ["the volumes", (stack) => stack.set("btc", `${POD}.volumes`, NEVER), /spec\.volumes/],
    ["the replicas", (stack) => stack.set("btc", "spec.replicas", NEVER), /spec\.replicas/],
    ["the map's name", (stack) => stack.set("btc-markets", "metadata.name", NEVER), /metadata\.name/],
  ],
});

const IMAGE = `registry.example/trading-engine@${DIGEST}`;

function workload(type: string, inputs: { [key: string]: Json }) {
  return (stack: FixtureStack): FixtureStack =>
    stack.add({ type: `kubernetes:${type}`, name: "stray", inputs });
}

function template(
  spec: { [key: string]: Json },
  labels: { [key: string]: Json } = {},
): { [key: string]: Json } {
  return { spec: { template: { metadata: { labels }, spec } } };
}

const container = (image: Json) => ({ containers: [{ name: "main", image }] });

describeRule(engineMustBeStatefulSet, {
  accepts: [
    ["a Deployment of something else", workload("apps/v1:Deployment", template(container("risk-engine:1")))],
    [
      "a node agent that tolerates the taint",
      workload(
        "apps/v1:DaemonSet",
        template({
          ...container("agent:1"),
          tolerations: [{ key: "trading/dedicated", operator: "Exists" }],
        }),
      ),
    ],
    [
      "a Service with the label",
      workload("core/v1:Service", { metadata: { labels: { "trading/role": "engine" } } }),
    ],
    [
      "an image whose name only begins alike",
      workload("apps/v1:Deployment", template(container("trading-engine-simulator:1"))),
    ],
    [
      "a release of something else",
      workload("helm.sh/v3:Release", { values: { image: "trading-engine-exporter:1" } }),
    ],
  ],
  refuses: [
    [
      "a Deployment with the image",
      workload("apps/v1:Deployment", template(container(IMAGE))),
      /Deployment "stray": runs the engine image .*not a StatefulSet/,
    ],
    [
      "a Deployment with the image of the stack's own engine",
      (stack) =>
        workload(
          "apps/v1:Deployment",
          template(container("x/trading/engine:v2")),
        )(stack.set("btc-engine", "image", "x/trading/engine@sha256:0")),
      /runs the engine image x\/trading\/engine:v2/,
    ],
    [
      "a Deployment with the label",
      workload("apps/v1:Deployment", template(container("x"), { "trading/role": "engine" })),
      /carries the label trading\/role=engine/,
    ],
    [
      "a Deployment with the toleration",
      workload(
        "apps/v1:Deployment",
        template({ ...container("x"), tolerations: [{ key: "trading/dedicated", operator: "Exists" }] }),
      ),
      /tolerates the taint trading\/dedicated/,
    ],
    [
      "a Deployment on engines' nodes",
      workload(
        "apps/v1:Deployment",
        template({ ...container("x"), nodeSelector: { "node-type": "trading" } }),
      ),
      /asks for nodes with node-type=trading/,
    ],
    [
      "a bare Pod",
      workload("core/v1:Pod", { spec: container("localhost:5000/trading-engine") }),
      /Pod "stray"/,
    ],
    [
      "a CronJob",
      workload("batch/v1:CronJob", { spec: { jobTemplate: template(container(IMAGE)) } }),
      /CronJob "stray"/,
    ],
    [
      "an engine as init container",
      workload("apps/v1:Deployment", template({ initContainers: [{ name: "x", image: IMAGE }] })),
      /runs the engine image/,
    ],
    [
      "a DaemonSet with the image",
      workload("apps/v1:DaemonSet", template(container("trading-engine:v1"))),
      /DaemonSet "stray"/,
    ],
    [
      "a patch of a StatefulSet",
      workload("apps/v1:StatefulSetPatch", template(container(IMAGE))),
      /StatefulSetPatch "stray"/,
    ],
    [
      "a patch with nothing but labels",
      workload("apps/v1:DeploymentPatch", template({}, { "trading/role": "engine" })),
      /DeploymentPatch "stray"/,
    ],
    [
      "a list",
      workload("apps/v1:StatefulSetList", { items: [template(container(IMAGE))] }),
      /StatefulSetList "stray"/,
    ],
    [
      "an older API",
      workload("apps/v1beta1:StatefulSet", template(container(IMAGE))),
      /is not a StatefulSet of apps\/v1/,
    ],
    [
      "a custom resource",
      workload("argoproj.io/v1alpha1:Rollout", template(container(IMAGE))),
      /Rollout "stray"/,
    ],
    [
      "a release that names the image",
      workload("helm.sh/v3:Release", { values: { image: "x/trading-engine:v1" } }),
      /names the engine image trading-engine in values\.image/,
    ],
  ],
  needs: [
    [
      "an image",
      workload("apps/v1:Deployment", template(container(NEVER))),
      /Deployment "stray": must be known in preview: it has an unknown image/,
    ],
  ],
});

const CLAIM = "spec.volumeClaimTemplates";

describeRule(singleWriter, {
  accepts: [
    [
      "a shared claim that is read-only",
      (stack) =>
        stack.set("btc", `${POD}.volumes.1`, {
          name: "ref",
          persistentVolumeClaim: { claimName: "ref", readOnly: true },
        }),
    ],
  ],
  refuses: [
    [
      "ReadWriteOnce",
      (stack) => stack.set("btc", `${CLAIM}.0.spec.accessModes`, ["ReadWriteOnce"]),
      /is ReadWriteOnce and must be ReadWriteOncePod/,
    ],
    [
      "a further mode",
      (stack) => stack.set("btc", `${CLAIM}.0.spec.accessModes`, ["ReadWriteOncePod", "ReadWriteMany"]),
      /is ReadWriteOncePod, ReadWriteMany/,
    ],
    [
      "no mode",
      (stack) => stack.set("btc", `${CLAIM}.0.spec.accessModes`, undefined),
      /is not set and must be/,
    ],
    ["no claim", (stack) => stack.set("btc", CLAIM, []), /declares no volume of the pod's own/],
    [
      "one claim for all",
      (stack) =>
        stack.set("btc", `${POD}.volumes.1`, { name: "wal", persistentVolumeClaim: { claimName: "wal" } }),
      /mounts one claim into every pod/,
    ],
    [
      "a claim that nobody mounts",
      (stack) => stack.set("btc", `${POD}.containers.0.volumeMounts.0.name`, "other"),
      /volumeClaimTemplates\[0\]\.metadata\.name = "data": no container mounts this claim/,
    ],
    ["no grace", (stack) => stack.set("btc", `${POD}.terminationGracePeriodSeconds`, 0), /must not be 0/],
    [
      "no grace after a probe",
      (stack) => stack.set("btc", `${POD}.containers.0.livenessProbe`, { terminationGracePeriodSeconds: 0 }),
      /livenessProbe\.terminationGracePeriodSeconds = 0/,
    ],
  ],
  needs: [
    ["the claims", (stack) => stack.set("btc", CLAIM, NEVER), /volumeClaimTemplates/],
    ["the modes", (stack) => stack.set("btc", `${CLAIM}.0.spec.accessModes`, NEVER), /accessModes/],
    [
      "the grace",
      (stack) => stack.set("btc", `${POD}.terminationGracePeriodSeconds`, NEVER),
      /terminationGracePeriodSeconds/,
    ],
  ],
});
