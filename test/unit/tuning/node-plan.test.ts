import assert from "node:assert/strict";
import {
  addonRequests,
  INSTANCE_TYPES,
  KNOWN_INSTANCE_TYPES,
  NODE_ADDONS,
  NodePlanError,
  type NodeProfile,
  nodeProfileProblems,
  planNode,
} from "../../../tuning";

const PROFILE: NodeProfile = { instanceType: "c7i.4xlarge", mode: "balanced", engineGraceSeconds: 120 };

describe("instance types", () => {
  it("name where their figures come from", () => {
    for (const [type, facts] of Object.entries(INSTANCE_TYPES))
      assert.match(facts.source, /^https:\/\/docs\.aws/, type);
  });

  it("have cores that divide over their NUMA nodes", () => {
    for (const [type, facts] of Object.entries(INSTANCE_TYPES))
      assert.equal(facts.cores % facts.numaNodes, 0, type);
  });

  it("have as many vCPUs as AWS lists", () => {
    const vcpus = {
      "m7i.xlarge": 4,
      "c7i.2xlarge": 8,
      "c7i.metal-48xl": 192,
      "m7a.8xlarge": 32,
      "m5zn.metal": 48,
      "c8g.4xlarge": 16,
    };
    for (const [type, count] of Object.entries(vcpus)) {
      const facts = Object.entries(INSTANCE_TYPES).find(([name]) => name === type)?.[1];
      assert.equal((facts?.cores ?? 0) * (facts?.threadsPerCore ?? 0), count, type);
    }
  });

  it("offer a governor on x86 metal only", () => {
    for (const [type, { governor, virtualization, architecture }] of Object.entries(INSTANCE_TYPES)) {
      assert.equal(governor, virtualization === "metal" && architecture === "x86_64", type);
    }
  });
});

describe("node plan", () => {
  it("is plain JSON, so that it can be a component's input", () => {
    const plan = planNode(PROFILE);
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  });

  it("pins the kubelet to the housekeeping CPUs", () => {
    assert.deepEqual(planNode(PROFILE).kubeletConfig, {
      cpuManagerPolicy: "static",
      cpuManagerPolicyOptions: { "full-pcpus-only": "true" },
      cpuManagerReconcilePeriod: "5s",
      reservedSystemCPUs: "0,8",
      systemReservedCgroup: "",
      kubeReservedCgroup: "",
      topologyManagerPolicy: "restricted",
      topologyManagerScope: "pod",
      maxPods: 58,
      kubeReserved: { memory: "893Mi" },
      systemReserved: { memory: "512Mi" },
      shutdownGracePeriod: "160s",
      shutdownGracePeriodCriticalPods: "30s",
    });
  });

  it("asks for whole cores only where a core has two threads", () => {
    assert.equal(
      planNode({ ...PROFILE, threadsPerCore: 1 }).kubeletConfig["cpuManagerPolicyOptions"],
      undefined,
    );
    assert.equal(
      planNode({ ...PROFILE, instanceType: "c7a.4xlarge" }).kubeletConfig["cpuManagerPolicyOptions"],
      undefined,
    );
  });

  it("keeps an engine on one NUMA node where there are several", () => {
    for (const type of ["m5zn.metal", "c7i.metal-48xl"]) {
      assert.equal(
        planNode({ ...PROFILE, instanceType: type }).kubeletConfig["topologyManagerPolicy"],
        "single-numa-node",
      );
    }
  });

  it("reserves no CPU set in mode off and leaves the AMI's cgroups alone", () => {
    const { kubeletConfig } = planNode({ ...PROFILE, mode: "off" });
    const fields = Object.keys(kubeletConfig).filter((field) => /reservedSystemCPUs|Cgroup/.test(field));
    assert.deepEqual(fields, []);
    assert.equal(kubeletConfig["cpuManagerPolicy"], "static");
  });

  it("gives a node shutdown the engine's grace, slack and the critical pods' time", () => {
    const plan = planNode({ ...PROFILE, engineGraceSeconds: 300, criticalShutdownSeconds: 45 });
    assert.equal(plan.engineShutdownWindow, 310);
    assert.equal(plan.kubeletConfig["shutdownGracePeriod"], "355s");
    assert.equal(plan.kubeletConfig["shutdownGracePeriodCriticalPods"], "45s");
  });

  it("sets CPU options only where they change something", () => {
    assert.deepEqual(planNode({ ...PROFILE, threadsPerCore: 1 }).cpuOptions, {
      coreCount: 8,
      threadsPerCore: 1,
    });
    assert.equal(planNode({ ...PROFILE, threadsPerCore: 2 }).cpuOptions, null);
    assert.equal(planNode({ ...PROFILE, instanceType: "m7a.8xlarge", threadsPerCore: 1 }).cpuOptions, null);
    assert.equal(planNode({ ...PROFILE, instanceType: "c7i.metal-24xl" }).cpuOptions, null);
  });

  it("labels and taints a node unless told otherwise", () => {
    const plan = planNode(PROFILE);
    assert.deepEqual(plan.labels, { "node-type": "trading" });
    assert.deepEqual(plan.taints, [{ key: "trading/dedicated", value: "engine", effect: "NoSchedule" }]);
    assert.deepEqual(planNode({ ...PROFILE, taints: [], labels: { desk: "fx" } }).labels, { desk: "fx" });
  });

  it("accounts for what cannot be handed out", () => {
    const tuned = planNode(PROFILE);
    assert.deepEqual([tuned.allocatableMillicpu, tuned.addonMillicpu], [14_000, 190]);
    // 32 GiB less 7.5 %, 893 MiB, 512 MiB and 100 MiB.
    assert.deepEqual([tuned.allocatableMebibytes, tuned.addonMebibytes], [28_805, 150]);
    // Without a reserved set the AMI keeps 60 + 10 + 5 + 5 + 12 * 2.5 thousandths.
    assert.equal(planNode({ ...PROFILE, mode: "off" }).allocatableMillicpu, 15_890);
  });

  it("sums what the add-ons request", () => {
    assert.deepEqual(addonRequests(), { millicpu: 190, mebibytes: 150 });
    for (const [name, { source }] of Object.entries(NODE_ADDONS)) assert.notEqual(source, "", name);
  });
});

describe("node profile", () => {
  const wrong: readonly [what: string, change: Partial<NodeProfile>, field: string, text: RegExp][] = [
    ["an unknown type", { instanceType: "c7i.mega" }, "instanceType", /"c7i\.mega" is not.*c7i\.2xlarge, /s],
    ["a name of Object's prototype", { instanceType: "constructor" }, "instanceType", /not a known/],
    ["a type too small to isolate", { instanceType: "m7i.xlarge" }, "instanceType", /2 physical cores/],
    ["no time to stop", { engineGraceSeconds: 0 }, "engineGraceSeconds", /0 is not/],
    ["half a second", { engineGraceSeconds: 0.5 }, "engineGraceSeconds", /0\.5 is not/],
    [
      "no time for critical pods",
      { criticalShutdownSeconds: 5 },
      "criticalShutdownSeconds",
      /10 seconds or more/,
    ],
    ["a label that ends the flag", { labels: { a: "b,c=d" } }, "labels.a", /"b,c=d" is not/],
    ["a label key with a space", { labels: { "a b": "c" } }, "labels.a b", /"a b" is not/],
    [
      "a taint with a quote",
      { taints: [{ key: "k", value: "'", effect: "NoSchedule" }] },
      "taints[0]",
      /"'" is not/,
    ],
  ];
  for (const [what, change, field, text] of wrong) {
    it(`refuses ${what}`, () => {
      const [problem, ...others] = nodeProfileProblems({ ...PROFILE, ...change });
      assert.deepEqual(others, []);
      assert.equal(problem?.field, field);
      assert.match(`${problem?.problem}. ${problem?.remedy}`, text);
    });
  }

  it("reports all problems at once", () => {
    const profile: NodeProfile = {
      instanceType: "m7i.xlarge",
      mode: "static",
      engineGraceSeconds: -1,
      threadsPerCore: 1,
      labels: { "": "" },
    };
    assert.throws(
      () => planNode(profile),
      (error) => {
        assert.ok(error instanceof NodePlanError);
        assert.deepEqual(
          error.problems.map(({ field }) => field),
          ["instanceType", "engineGraceSeconds", "labels."],
        );
        assert.equal(error.message.split("\n").length, 3);
        return true;
      },
    );
  });

  it("is planned for every type in every mode that fits it", () => {
    for (const instanceType of KNOWN_INSTANCE_TYPES) {
      assert.ok(planNode({ ...PROFILE, instanceType, mode: "off" }));
      if (instanceType !== "m7i.xlarge") assert.ok(planNode({ ...PROFILE, instanceType, mode: "static" }));
    }
  });
});
