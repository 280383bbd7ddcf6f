import { azCoverage } from "../../policy/rules/placement";
import { taintTolerationPair } from "../../policy/rules/taints";
import { encodeUserData, renderUserData } from "../../tuning";
import { describeRule } from "./cases";
import { PLAN } from "./fixtures/nodes";
import { type FixtureStack, type Json, NEVER, Output } from "./support";

const POD = "spec.template.spec";
const GROUP = "nodes-eu-central-1b";
const TEMPLATE = "nodes-template-eu-central-1b";
const pod = (path: string, value: Json | undefined) => (stack: FixtureStack) =>
  stack.set("btc", `${POD}.${path}`, value);
const group = (path: string, value: Json | undefined) => (stack: FixtureStack) =>
  stack.set(GROUP, path, value);
const subnets =
  (...names: string[]) =>
  (stack: FixtureStack) =>
    stack
      .change(GROUP, {
        sources: { subnetIds: names.map((zone) => `private-${zone}`), launchTemplate: [TEMPLATE] },
      })
      .set(
        GROUP,
        "subnetIds",
        names.map((name) => new Output(name)),
      );

const HOST = "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution";
const SPREAD = "topologySpreadConstraints.0";
const zoneAffinity = (...values: string[]): Json => ({
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "In", values }] },
    ],
  },
});

describeRule(azCoverage, {
  accepts: [
    [
      "a zone that the pod asks for and that has nodes",
      pod("affinity.nodeAffinity", zoneAffinity("eu-central-1a")),
    ],
    [
      "a single engine without spread",
      (stack) => pod("topologySpreadConstraints", [])(pod(HOST, [])(stack.set("btc", "spec.replicas", 1))),
    ],
  ],
  refuses: [
    [
      "a zone without a group",
      (stack) => stack.without(GROUP),
      /zones\[1\] = "eu-central-1b": zone eu-central-1b has no on-demand node group/,
    ],
    ["a group on Spot", group("capacityType", "SPOT"), /zone eu-central-1b has no on-demand node group/],
    [
      "no group",
      (stack) => stack.without("nodes-eu-central-1a", GROUP, "nodes-eu-central-1c"),
      /the stack has no node group for engines/,
    ],
    [
      "a zone of the pod without a group",
      pod("affinity.nodeAffinity", zoneAffinity("eu-central-1d")),
      /zone eu-central-1d has no/,
    ],
    [
      "a selector for a zone without a group",
      pod("nodeSelector", { "node-type": "trading", "topology.kubernetes.io/zone": "eu-west-1a" }),
      /zone eu-west-1a has no/,
    ],
    [
      "a group over two zones",
      subnets("eu-central-1a", "eu-central-1b"),
      /subnetIds: spans eu-central-1a, eu-central-1b/,
    ],
    [
      "a subnet from elsewhere",
      (stack) => stack.change(GROUP, { sources: { launchTemplate: [TEMPLATE] } }),
      /the zone of its subnets cannot be told/,
    ],
    [
      "a subnet without zone",
      (stack) => stack.set("private-eu-central-1b", "availabilityZone", undefined),
      /the zone of its subnets cannot be told/,
    ],
    ["an empty group", group("scalingConfig.minSize", 0), /minSize = 0: must be at least 1/],
    [
      "anti-affinity as a preference",
      pod("affinity", {
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100 }] },
      }),
      /does not keep the engine's own pods off one host/,
    ],
    [
      "anti-affinity over other labels",
      pod(`${HOST}.0.labelSelector`, { matchLabels: { app: "x" } }),
      /off one host/,
    ],
    [
      "anti-affinity over zones only",
      pod(`${HOST}.0.topologyKey`, "topology.kubernetes.io/zone"),
      /off one host/,
    ],
    ["no spread", pod("topologySpreadConstraints", undefined), /does not spread the pods over zones/],
    [
      "spread as a preference",
      pod(`${SPREAD}.whenUnsatisfiable`, "ScheduleAnyway"),
      /does not spread the pods/,
    ],
    [
      "spread without minDomains",
      pod(`${SPREAD}.minDomains`, undefined),
      /minDomains \(not set\): does not spread/,
    ],
    [
      "more zones than there are",
      pod(`${SPREAD}.minDomains`, 4),
      /asks for more zones than the 3 with nodes/,
    ],
  ],
  needs: [
    [
      "a subnet's zone",
      (stack) => stack.set("private-eu-central-1b", "availabilityZone", NEVER),
      /Subnet "private-eu-central-1b" availabilityZone/,
    ],
    ["a group's size", group("scalingConfig", NEVER), /scalingConfig/],
    ["the affinity", pod("affinity", NEVER), /spec\.affinity/],
    ["the spread", pod("topologySpreadConstraints", NEVER), /topologySpreadConstraints/],
  ],
});

const TOLERATION = { key: "trading/dedicated", operator: "Equal", value: "engine", effect: "NoSchedule" };
const other = (kind: string, toleration: Json) => (stack: FixtureStack) =>
  stack.add({
    type: `kubernetes:apps/v1:${kind}`,
    name: "stray",
    inputs: { spec: { template: { spec: { containers: [{ image: "x" }], tolerations: [toleration] } } } },
  });
const userData = (edit: (text: string) => string) => (stack: FixtureStack) =>
  stack.set(TEMPLATE, "userData", encodeUserData(edit(renderUserData(PLAN, { kind: "merge" }))));

describeRule(taintTolerationPair, {
  accepts: [
    ["a toleration by key", pod("tolerations", [{ key: "trading/dedicated", operator: "Exists" }])],
    ["a node agent that names the key", other("DaemonSet", { key: "trading/dedicated", operator: "Exists" })],
    ["a toleration of something else", other("Deployment", { key: "x", operator: "Exists" })],
    [
      "a node affinity for a selector",
      (stack) =>
        pod("affinity.nodeAffinity", {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "node-type", operator: "In", values: ["trading"] }] },
            ],
          },
        })(pod("nodeSelector", undefined)(stack)),
    ],
  ],
  refuses: [
    [
      "no toleration",
      pod("tolerations", undefined),
      /tolerations \(not set\): does not tolerate trading\/dedicated=engine:NoSchedule/,
    ],
    ["another value", pod("tolerations", [{ ...TOLERATION, value: "x" }]), /does not tolerate/],
    ["another effect", pod("tolerations", [{ ...TOLERATION, effect: "NoExecute" }]), /does not tolerate/],
    [
      "a toleration of everything",
      pod("tolerations", [{ operator: "Exists" }]),
      /tolerations\[0\]: tolerates every taint/,
    ],
    [
      "a toleration of unchecked nodes",
      pod("tolerations", [TOLERATION, { key: "trading/untuned", operator: "Exists" }]),
      /not checked yet/,
    ],
    ["no selector", pod("nodeSelector", undefined), /does not require nodes with node-type=trading/],
    [
      "a further taint",
      group("taints", [
        { key: "trading/dedicated", value: "engine", effect: "NO_SCHEDULE" },
        { key: "x", value: "y", effect: "NO_EXECUTE" },
      ]),
      /does not tolerate x=y:NoExecute/,
    ],
    ["a group without taint", group("taints", []), /NodeGroup "nodes-eu-central-1b" taints: lacks the taint/],
    [
      "a group with a weak taint",
      group("taints", [{ key: "trading/dedicated", value: "engine", effect: "PREFER_NO_SCHEDULE" }]),
      /lacks the taint/,
    ],
    ["a group without label", group("labels", {}), /labels\.node-type \(not set\): must be "trading"/],
    [
      "a group that differs from its plan",
      group("taints", []),
      /lack trading\/dedicated=engine:NoSchedule against the node plan/,
    ],
    [
      "a plan with a further label",
      (stack) => stack.set("nodes", "plan.labels", { "node-type": "trading", tier: "1" }),
      /is "1" in the node plan/,
    ],
    [
      "user data with another flag",
      userData((text) =>
        text.replace(
          "--register-with-taints=trading/dedicated=engine:NoSchedule",
          "--register-with-taints=x=y:NoSchedule",
        ),
      ),
      /LaunchTemplate .*userData: the taints of the kubelet's --register-with-taints lack trading\/dedicated.* and add x=y/,
    ],
    [
      "a Deployment that tolerates everything",
      other("Deployment", { operator: "Exists" }),
      /Deployment "stray" .*lets Deployment "stray" onto/,
    ],
    [
      "a DaemonSet that tolerates everything",
      other("DaemonSet", { operator: "Exists" }),
      /lets DaemonSet "stray" onto/,
    ],
  ],
  needs: [
    ["the tolerations", pod("tolerations", NEVER), /spec\.tolerations/],
    ["a group's taints", group("taints", NEVER), /taints/],
    ["a group's labels", group("labels", NEVER), /labels/],
    [
      "another workload's tolerations",
      (stack) => other("Deployment", TOLERATION)(stack).set("stray", "spec.template.spec.tolerations", NEVER),
      /Deployment "stray" .*tolerations/,
    ],
  ],
});
