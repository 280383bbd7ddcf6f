import { cpuExclusive } from "../../policy/rules/cpu";
import { encodeUserData, planNode, renderUserData } from "../../tuning";
import { describeRule } from "./cases";
import { ZONES } from "./fixtures/engine";
import { goodStack } from "./fixtures/good";
import { PLAN } from "./fixtures/nodes";
import { type FixtureStack, type Json, NEVER, Output, passes, refuses } from "./support";

const POD = "spec.template.spec";
const TEMPLATE = "nodes-template-eu-central-1c";
const resources = (value: Json) => (stack: FixtureStack) =>
  stack.set("btc", `${POD}.containers.0.resources`, value);
const equal = (cpu: Json, memory: Json = "4Gi"): Json => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
});
const init = (value: Json, restartPolicy?: string) => (stack: FixtureStack) =>
  stack.set("btc", `${POD}.initContainers`, [
    { name: "wait", image: "x", resources: value, ...(restartPolicy ? { restartPolicy } : {}) },
  ]);
const plan = (path: string, value: Json | undefined) => (stack: FixtureStack) =>
  stack.set("nodes", `plan.${path}`, value);
const userData = (edit: (text: string) => string) => (stack: FixtureStack) =>
  stack.set(TEMPLATE, "userData", encodeUserData(edit(renderUserData(PLAN, { kind: "merge" }))));

describeRule(cpuExclusive, {
  accepts: [
    ["limits alone", resources({ limits: { cpu: 2, memory: "4Gi" } })],
    [
      "the same amount in other words",
      resources({ requests: { cpu: "2e0", memory: 4294967296 }, limits: { cpu: "2000m", memory: "4Gi" } }),
    ],
    ["a whole init container", init(equal("2", "1Gi"))],
    [
      "user data of an AMI of our own that waits for the cluster",
      (stack) =>
        stack
          .change(TEMPLATE, { sources: { blockDeviceMappings: ["volume-key"], userData: ["cluster"] } })
          .set(TEMPLATE, "imageId", "ami-1")
          .set(TEMPLATE, "userData", new Output(encodeUserData(renderUserData(PLAN, { kind: "merge" })))),
    ],
  ],
  refuses: [
    [
      "the seed's Burstable pod",
      resources({ requests: { cpu: "2000m", memory: "4Gi" }, limits: { cpu: "4000m", memory: "8Gi" } }),
      /requests\.cpu = "2000m": differs from the limit 4000m; the pod is not Guaranteed/,
    ],
    [
      "memory that differs",
      resources({ requests: { cpu: 2, memory: "4Gi" }, limits: { cpu: 2, memory: "4G" } }),
      /requests\.memory = "4Gi": differs from the limit 4G/,
    ],
    [
      "no limits",
      resources({ requests: { cpu: 2, memory: "4Gi" } }),
      /limits\.cpu \(not set\): no limit of cpu/,
    ],
    ["no resources", resources(null), /no limit of cpu/],
    ["half a CPU", resources(equal("2500m")), /= "2500m": is not a whole number of CPUs/],
    [
      "an odd number on two threads a core",
      resources(equal("3")),
      /is an odd number of CPUs.*SMTAlignmentError/,
    ],
    ["nonsense for an amount", resources(equal("two")), /must be a Kubernetes quantity/],
    [
      "an init container of half a CPU",
      init(equal("500m", "1Gi")),
      /initContainers\[0\]\.resources\.limits\.cpu = "500m"/,
    ],
    ["a sidecar without limits", init(null, "Always"), /initContainers\[0\].*no limit of cpu/],
    [
      "resources of the whole pod",
      (stack) => stack.set("btc", `${POD}.resources`, equal("2")),
      /resources of the whole pod/,
    ],
    [
      "more CPUs than the node has left",
      resources(equal("8")),
      /need 8\d+m of CPU, and TradingNodes "nodes" plan\.allocatableMillicpu leaves/,
    ],
    [
      "a sidecar too many",
      (stack) => init(equal("4", "1Gi"), "Always")(resources(equal("4"))(stack)),
      /need 8\d+m of CPU/,
    ],
    ["more memory than the node has left", resources(equal("2", "1Ti")), /of memory, and/],
    [
      "sets that overlap",
      plan("cpus.isolated", "0,1-3,5-7"),
      /housekeeping = .*: shares CPU 0 with the isolated set/,
    ],
    [
      "a reserve that overlaps",
      plan("kubeletConfig.reservedSystemCPUs", "0-1,4"),
      /reservedSystemCPUs = "0-1,4": shares CPU 1/,
    ],
    [
      "no static CPU manager",
      plan("kubeletConfig.cpuManagerPolicy", "none"),
      /cpuManagerPolicy = "none": must be static/,
    ],
    ["a CPU list that is none", plan("cpus.isolated", "all"), /must be a list of CPUs/],
    [
      "user data with another kernel argument",
      userData((text) => text.replace(/nohz_full=\S+/, "nohz_full=1")),
      /LaunchTemplate "nodes-template-eu-central-1c" userData: its kernel arguments differ .*missing: nohz_full=.*added: nohz_full=1/,
    ],
    [
      "user data without boot hook",
      userData((text) => text.replace("cloud-boothook", "x-nothing")),
      /kernel arguments differ/,
    ],
    [
      "user data with another reserve",
      userData((text) => text.replace(/reservedSystemCPUs: "[^"]*"/, 'reservedSystemCPUs: "7"')),
      /userData kubelet reservedSystemCPUs = "7": is "0,4" in the node plan/,
    ],
    [
      "user data with a shorter window",
      userData((text) => text.replace(/shutdownGracePeriod: "[^"]*"/, 'shutdownGracePeriod: "60s"')),
      /shutdownGracePeriod = "60s": is "100s"/,
    ],
    ["no user data", (stack) => stack.set(TEMPLATE, "userData", undefined), /no user data is set/],
    [
      "another instance type",
      (stack) => stack.set("nodes-eu-central-1c", "instanceTypes", ["c7i.4xlarge"]),
      /must be c7i\.2xlarge alone/,
    ],
    [
      "another number of threads",
      (stack) => stack.set(TEMPLATE, "cpuOptions", { coreCount: 4, threadsPerCore: 1 }),
      /cpuOptions: must be left out/,
    ],
    [
      "threads that the plan sets and the template does not",
      plan("cpuOptions", { coreCount: 4, threadsPerCore: 1 }),
      /cpuOptions \(not set\): must be \{"coreCount":4/,
    ],
    [
      "a group without plan",
      (stack) => stack.change("nodes-eu-central-1c", { parent: "none" }),
      /NodeGroup "nodes-eu-central-1c": is a node group for engines without a node plan/,
    ],
  ],
  needs: [
    ["the resources", resources(NEVER), /resources/],
    ["the CPUs", resources(equal(NEVER)), /cpu/],
    ["the plan", (stack) => stack.set("nodes", "plan", NEVER), /TradingNodes "nodes" plan/],
    ["the user data in merge mode", (stack) => stack.set(TEMPLATE, "userData", NEVER), /userData/],
  ],
});

/** Without hyper-threading a core is a CPU, so that an odd number is whole cores too. */
const SINGLE = planNode({
  instanceType: "c7i.2xlarge",
  threadsPerCore: 1,
  mode: "balanced",
  engineGraceSeconds: 60,
});

function withoutHyperThreading(): FixtureStack {
  const stack = goodStack().set("nodes", "plan", JSON.parse(JSON.stringify(SINGLE)));
  for (const zone of ZONES) {
    stack.set(
      `nodes-template-${zone}`,
      "userData",
      encodeUserData(renderUserData(SINGLE, { kind: "merge" })),
    );
    stack.set(
      `nodes-template-${zone}`,
      "cpuOptions",
      SINGLE.cpuOptions === null ? null : { ...SINGLE.cpuOptions },
    );
  }
  return stack;
}

describe("cpu-exclusive without hyper-threading", () => {
  it("accepts an odd number of CPUs", () =>
    passes(cpuExclusive, resources(equal(1))(withoutHyperThreading())));
  it("still refuses half a CPU", () =>
    refuses(cpuExclusive, resources(equal("1500m"))(withoutHyperThreading()), /is not a whole/));
});
