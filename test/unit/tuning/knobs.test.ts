import assert from "node:assert/strict";
import {
  type ChosenKnobs,
  instanceFacts,
  KNOWN_INSTANCE_TYPES,
  MANAGED_KERNEL_KEYS,
  type NodePlan,
  type NodeProfile,
  nodeProfileProblems,
  planNode,
  type TuningKnobs,
} from "../../../tuning";
import { nodeSettings } from "../../../tuning/node-settings";
import { sysctls } from "../../../tuning/sysctls";

const DEFAULTS: TuningKnobs = {
  networkInterrupts: "housekeeping",
  coalescing: "off",
  receiveOffload: "on",
  busyPoll: 50,
  idle: "c1",
  transparentHugepages: "never",
  hugepages2Mi: 0,
  hugepages1Gi: 0,
  fairServer: "off",
  mitigations: "on",
};

/** One type of each family and kind: what differs between their plans is here, line by line. */
const FAMILIES: readonly [
  type: string,
  knobs: Partial<TuningKnobs>,
  own: readonly string[],
  machine: string,
][] = [
  [
    "c7i.4xlarge",
    {},
    ["nmi_watchdog=0", "transparent_hugepage=never", "intel_idle.max_cstate=1", "processor.max_cstate=1"],
    "virtual",
  ],
  [
    "c7i.metal-24xl",
    {},
    ["nmi_watchdog=0", "transparent_hugepage=never", "intel_idle.max_cstate=1", "processor.max_cstate=1"],
    "metal",
  ],
  ["m7a.8xlarge", {}, ["nmi_watchdog=0", "transparent_hugepage=never", "processor.max_cstate=1"], "virtual"],
  [
    "c8g.4xlarge",
    { busyPoll: 25, transparentHugepages: "madvise" },
    ["transparent_hugepage=madvise"],
    "graviton",
  ],
  [
    "c8g.metal-24xl",
    { busyPoll: 25, transparentHugepages: "madvise" },
    ["transparent_hugepage=madvise"],
    "graviton",
  ],
];

describe("tuning knobs", () => {
  for (const [type, knobs, own, machine] of FAMILIES) {
    it(`of ${type} are safe by default`, () => {
      const plan = planFor({}, { instanceType: type });
      assert.deepEqual(plan.knobs, { ...DEFAULTS, ...knobs });
      assert.deepEqual(plan.warnings, []);
      assert.deepEqual(plan.kernelArguments.slice(6), own);
      assert.deepEqual(nodeSettings(plan)["MACHINE"], [machine]);
    });
  }

  /** What each choice changes: kernel arguments added and taken, and settings of the node. */
  const effects: readonly [
    chosen: ChosenKnobs,
    added: readonly string[],
    taken: readonly string[],
    settings: Readonly<Record<string, string>>,
  ][] = [
    [{ networkInterrupts: "colocated" }, [], [], { NETWORK_INTERRUPTS: "colocated" }],
    [{ coalescing: "driver" }, [], [], { COALESCING: "driver" }],
    [{ receiveOffload: "off" }, [], [], { RECEIVE_OFFLOAD: "off" }],
    [{ fairServer: "on" }, [], [], { FAIR_SERVER: "on" }],
    [{ idle: "deep" }, [], ["intel_idle.max_cstate=1", "processor.max_cstate=1"], { IDLE: "deep" }],
    [
      { idle: "poll" },
      ["idle=poll"],
      ["intel_idle.max_cstate=1", "processor.max_cstate=1"],
      { IDLE: "poll" },
    ],
    [
      { transparentHugepages: "always" },
      ["transparent_hugepage=always"],
      ["transparent_hugepage=never"],
      { TRANSPARENT_HUGEPAGES: "always" },
    ],
    [{ hugepages2Mi: 512 }, [], [], { HUGEPAGES_2M: "512" }],
    [{ hugepages1Gi: 2 }, ["hugepagesz=1G", "hugepages=2"], [], { HUGEPAGES_1G: "2" }],
    [{ mitigations: "off" }, ["mitigations=off"], [], {}],
    [
      { busyPoll: 0 },
      [],
      [],
      {
        SYSCTLS:
          "vm.stat_interval=10 kernel.numa_balancing=0 kernel.hung_task_timeout_secs=600 kernel.timer_migration=1 net.core.busy_read=0 net.core.busy_poll=0",
      },
    ],
  ];
  for (const [chosen, added, taken, settings] of effects) {
    it(`${JSON.stringify(chosen)} changes that and nothing else`, () => {
      const [before, after] = [planFor({}), planFor(chosen)];
      assert.deepEqual(difference(after.kernelArguments, before.kernelArguments), added);
      assert.deepEqual(difference(before.kernelArguments, after.kernelArguments), taken);
      const lines = Object.fromEntries(
        Object.entries(nodeSettings(before)).map(([name, list]) => [name, list.join(" ")]),
      );
      const changed = Object.entries(nodeSettings(after))
        .map(([name, list]): [string, string] => [name, list.join(" ")])
        .filter(([name, value]) => name !== "KERNEL_ARGUMENTS" && lines[name] !== value);
      assert.deepEqual(Object.fromEntries(changed), settings);
      assert.deepEqual(after.kubeletConfig, before.kubeletConfig);
    });
  }

  it("have an effect each, listed above", () => {
    assert.deepEqual(
      [...new Set(effects.flatMap(([chosen]) => Object.keys(chosen)))].sort(),
      Object.keys(DEFAULTS).sort(),
    );
  });

  it("have no effect in mode off, however risky, and take no memory", () => {
    const chosen = { idle: "poll", mitigations: "off", hugepages1Gi: 4 } as const;
    const plan = planFor(chosen, { mode: "off" });
    assert.deepEqual([plan.kernelArguments, plan.warnings], [[], []]);
    assert.equal(plan.allocatableMebibytes, planFor({}, { mode: "off" }).allocatableMebibytes);
    assert.deepEqual(nodeSettings(plan)["SYSCTLS"], []);
  });

  it("take huge pages out of what engines can have, on each NUMA node", () => {
    const free = (chosen: ChosenKnobs, instanceType: string) =>
      planFor({}, { instanceType }).allocatableMebibytes -
      planFor(chosen, { instanceType }).allocatableMebibytes;
    assert.equal(free({ hugepages2Mi: 1024 }, "c7i.4xlarge"), 2048);
    assert.equal(free({ hugepages1Gi: 3 }, "m5zn.metal"), 6144);
    assert.ok(
      planFor({ hugepages1Gi: 3 }, { instanceType: "m5zn.metal" }).kernelArguments.includes("hugepages=6"),
    );
  });

  it("warn of what is risky, in words that say the risk", () => {
    assert.match(
      planFor({ mitigations: "off" }).warnings.join(),
      /^mitigations=off: every program .* keys included/,
    );
    const poll = (instanceType: string) => planFor({ idle: "poll" }, { instanceType }).warnings.join();
    assert.match(poll("c7i.4xlarge"), /^idle=poll: .*sibling.*hypervisor/);
    assert.match(poll("c7i.metal-24xl"), /sibling/);
    assert.doesNotMatch(poll("c7i.metal-24xl"), /hypervisor/);
    assert.doesNotMatch(poll("c7a.4xlarge"), /sibling/);
  });

  it("can all be taken back: every argument of every choice has a managed key", () => {
    const managed: readonly string[] = MANAGED_KERNEL_KEYS;
    const keys = effects
      .flatMap(([chosen]) => planFor(chosen).kernelArguments)
      .map((text) => text.split("=")[0] ?? "");
    assert.deepEqual(
      keys.filter((key) => !managed.includes(key)),
      [],
    );
  });

  const wrong: readonly [chosen: ChosenKnobs, type: string, field: string, text: RegExp][] = [
    [{ busyPoll: 1.5 }, "c7i.4xlarge", "knobs.busyPoll", /1\.5 is not a whole number of microseconds/],
    [{ busyPoll: 5000 }, "c7i.4xlarge", "knobs.busyPoll", /Give 0 to 1000/],
    [{ hugepages2Mi: -1 }, "c7i.4xlarge", "knobs.hugepages2Mi", /-1 is not/],
    [{ hugepages1Gi: 17 }, "c7i.4xlarge", "knobs.hugepages1Gi", /17408 MiB of the machine's 32 GiB/],
    [{ hugepages2Mi: 30_000 }, "m5zn.metal", "knobs.hugepages2Mi", /120000 MiB .* each of 2 NUMA nodes/],
    [{ idle: "poll" }, "c8g.4xlarge", "knobs.idle", /x86 kernels only/],
  ];
  for (const [chosen, instanceType, field, text] of wrong) {
    it(`${JSON.stringify(chosen)} on ${instanceType} is refused`, () => {
      const [found, ...others] = nodeProfileProblems(profile(chosen, { instanceType }));
      assert.deepEqual(others, []);
      assert.equal(found?.field, field);
      assert.match(`${found?.problem}. ${found?.remedy}`, text);
    });
  }
});

describe("kernel settings", () => {
  it("never touch what the kubelet insists on", () => {
    for (const mode of ["balanced", "static"] as const) {
      const keys = sysctls(mode, DEFAULTS).map((setting) => setting.split("=")[0]);
      for (const key of ["vm.overcommit_memory", "kernel.panic", "kernel.panic_on_oops"])
        assert.ok(!keys.includes(key), key);
    }
  });

  it("differ between the modes by where timers fire", () => {
    const both = [sysctls("balanced", DEFAULTS), sysctls("static", DEFAULTS)];
    assert.deepEqual(difference(both[0] ?? [], both[1] ?? []), ["kernel.timer_migration=1"]);
    assert.deepEqual(difference(both[1] ?? [], both[0] ?? []), ["kernel.timer_migration=0"]);
  });

  it("are words that a shell and sysctl read the same", () => {
    for (const setting of sysctls("static", DEFAULTS)) assert.match(setting, /^[a-z_.]+=[0-9]+$/);
  });
});

describe("settings of the node", () => {
  it("agree with the plan on every type", () => {
    for (const instanceType of KNOWN_INSTANCE_TYPES) {
      const facts = instanceFacts(instanceType);
      const mode = (facts?.cores ?? 0) < 4 ? "off" : "static";
      const plan = planFor({}, { instanceType, mode });
      const settings = nodeSettings(plan);
      assert.deepEqual(settings["KERNEL_ARGUMENTS"], plan.kernelArguments, instanceType);
      assert.deepEqual(settings["HOUSEKEEPING"], [plan.cpus.housekeeping], instanceType);
      assert.deepEqual(settings["ISOLATED"]?.join(), plan.cpus.isolated, instanceType);
    }
  });
});

function profile(knobs: ChosenKnobs, change: Partial<NodeProfile> = {}): NodeProfile {
  return { instanceType: "c7i.4xlarge", mode: "balanced", engineGraceSeconds: 60, knobs, ...change };
}

function planFor(knobs: ChosenKnobs, change: Partial<NodeProfile> = {}): NodePlan {
  return planNode(profile(knobs, change));
}

function difference(left: readonly string[], right: readonly string[]): string[] {
  return left.filter((word) => !right.includes(word));
}
