import assert from "node:assert/strict";
import { constantFrom, integer, property, record } from "fast-check";
import {
  type CpuPlan,
  defaultHousekeepingCores,
  INSTANCE_TYPES,
  type InstanceFacts,
  instanceFacts,
  intersectCpuLists,
  isInstanceType,
  KNOWN_INSTANCE_TYPES,
  NodePlanError,
  parseCpuList,
  unionCpuLists,
} from "../../../tuning";
import { type CpuRequest, cpuPlanProblems, cpusByNumaNode, planCpus } from "../../../tuning/cpu-plan";
import { holds } from "./holds";

/** Housekeeping and isolated CPUs of every type as shipped. A new type needs a line here, checked by hand. */
const PLANS: Readonly<Record<string, readonly [housekeeping: string, isolated: string]>> = {
  "m7i.2xlarge": ["0,4", "1-3,5-7"],
  "m7i.4xlarge": ["0,8", "1-7,9-15"],
  "c7i.2xlarge": ["0,4", "1-3,5-7"],
  "c7i.4xlarge": ["0,8", "1-7,9-15"],
  "c7i.8xlarge": ["0-1,16-17", "2-15,18-31"],
  "c7i.metal-24xl": ["0-7,48-55", "8-47,56-95"],
  "c7i.metal-48xl": ["0-3,48-51,96-99,144-147", "4-47,52-95,100-143,148-191"],
  "c7a.2xlarge": ["0", "1-7"],
  "c7a.4xlarge": ["0-1", "2-15"],
  "m7a.8xlarge": ["0-3", "4-31"],
  "m5zn.metal": ["0-1,12-13,24-25,36-37", "2-11,14-23,26-35,38-47"],
  "c8g.2xlarge": ["0", "1-7"],
  "c8g.4xlarge": ["0-1", "2-15"],
  "c8g.metal-24xl": ["0-7", "8-95"],
};

/** Virtual types with SMT switched off. */
const SINGLE_THREAD: Readonly<Record<string, readonly [housekeeping: string, isolated: string]>> = {
  "m7i.2xlarge": ["0", "1-3"],
  "m7i.4xlarge": ["0", "1-7"],
  "c7i.2xlarge": ["0", "1-3"],
  "c7i.4xlarge": ["0", "1-7"],
  "c7i.8xlarge": ["0-1", "2-15"],
};

describe("CPU plan", () => {
  it("has an exact expectation for every type that is large enough", () => {
    const large = KNOWN_INSTANCE_TYPES.filter((type) => factsOf(type).cores >= 4);
    assert.deepEqual(Object.keys(PLANS).sort(), [...large].sort());
  });
  for (const [type, [housekeeping, isolated]] of Object.entries(PLANS)) {
    it(`of ${type} is ${housekeeping} and ${isolated}`, () => {
      const plan = planCpus(factsOf(type), { mode: "balanced" });
      assert.deepEqual([plan.housekeeping, plan.isolated], [housekeeping, isolated]);
      assert.equal(plan.online, `0-${factsOf(type).cores * factsOf(type).threadsPerCore - 1}`);
    });
  }
  for (const [type, [housekeeping, isolated]] of Object.entries(SINGLE_THREAD)) {
    it(`of ${type} without SMT is ${housekeeping} and ${isolated}`, () => {
      const plan = planCpus(factsOf(type), { mode: "static", threadsPerCore: 1 });
      assert.deepEqual([plan.housekeeping, plan.isolated, plan.threadsPerCore], [housekeeping, isolated, 1]);
    });
  }

  it("leaves every CPU to housekeeping in mode off, on a small machine too", () => {
    for (const type of KNOWN_INSTANCE_TYPES) {
      const plan = planCpus(factsOf(type), { mode: "off" });
      assert.deepEqual([plan.housekeeping, plan.isolated], [plan.online, ""], type);
    }
  });

  it("takes the housekeeping cores that were asked for", () => {
    assert.equal(
      planCpus(factsOf("c7i.4xlarge"), { mode: "balanced", housekeepingCores: 3 }).housekeeping,
      "0-2,8-10",
    );
    // An odd number on two NUMA nodes: the first has the larger share.
    assert.equal(
      planCpus(factsOf("m5zn.metal"), { mode: "static", housekeepingCores: 3 }).housekeeping,
      "0-1,12,24-25,36",
    );
  });

  const refused: readonly [
    type: string,
    request: CpuRequest,
    field: string,
    problem: RegExp,
    remedy: RegExp,
  ][] = [
    ["m7i.xlarge", { mode: "balanced" }, "instanceType", /2 physical cores are too few/, /c7i\.2xlarge/],
    [
      "c7i.metal-24xl",
      { mode: "balanced", threadsPerCore: 1 },
      "threadsPerCore",
      /no CPU options on metal/,
      /virtual/,
    ],
    ["m7a.8xlarge", { mode: "balanced", threadsPerCore: 2 }, "threadsPerCore", /a type that has 1/, /Leave/],
    ["c8g.4xlarge", { mode: "off", threadsPerCore: 2 }, "threadsPerCore", /a type that has 1/, /Leave/],
    [
      "c7i.2xlarge",
      { mode: "balanced", housekeepingCores: 4 },
      "housekeepingCores",
      /4 of 4 cores/,
      /between 1 and 3/,
    ],
    ["c7i.2xlarge", { mode: "balanced", housekeepingCores: 0 }, "housekeepingCores", /0 is not/, /between/],
    [
      "c7i.2xlarge",
      { mode: "static", housekeepingCores: 1.5 },
      "housekeepingCores",
      /1\.5 is not/,
      /between/,
    ],
    [
      "m5zn.metal",
      { mode: "static", housekeepingCores: 1 },
      "housekeepingCores",
      /1 for 2 NUMA nodes/,
      /between 2 and 23/,
    ],
  ];
  for (const [type, request, field, problem, remedy] of refused) {
    it(`of ${type} refuses ${JSON.stringify(request)}`, () => {
      const [found, ...others] = cpuPlanProblems(factsOf(type), request);
      assert.deepEqual(others, []);
      assert.equal(found?.field, field);
      assert.match(found?.problem ?? "", problem);
      assert.match(found?.remedy ?? "", remedy);
      assert.throws(() => planCpus(factsOf(type), request), NodePlanError);
    });
  }

  it("grows the housekeeping set with the machine", () => {
    const bySize = [4, 8, 9, 16, 17, 32, 33, 96].map((cores) =>
      defaultHousekeepingCores({ cores, numaNodes: 1 }),
    );
    assert.deepEqual(bySize, [1, 1, 2, 2, 4, 4, 8, 8]);
    assert.equal(defaultHousekeepingCores({ cores: 8, numaNodes: 2 }), 2);
  });

  it("splits any machine into disjoint whole cores that cover it", () => {
    holds(
      property(
        machines,
        constantFrom("balanced" as const, "static" as const),
        integer({ min: 0, max: 12 }),
        splits,
      ),
      { numRuns: 300 },
    );
  });
});

const machines = record({
  coresPerNode: integer({ min: 2, max: 48 }),
  numaNodes: constantFrom(1, 2, 4),
  threadsPerCore: constantFrom(1 as const, 2 as const),
}).map(
  ({ coresPerNode, numaNodes, threadsPerCore }): InstanceFacts => ({
    ...INSTANCE_TYPES["c7i.metal-48xl"],
    cores: coresPerNode * numaNodes,
    numaNodes,
    threadsPerCore,
  }),
);

function splits(facts: InstanceFacts, mode: "balanced" | "static", housekeepingCores: number): void {
  const request = { mode, ...(housekeepingCores === 0 ? {} : { housekeepingCores }) };
  if (cpuPlanProblems(facts, request).length > 0) return;
  const plan = planCpus(facts, request);
  assert.equal(unionCpuLists(plan.housekeeping, plan.isolated), plan.online);
  assert.equal(intersectCpuLists(plan.housekeeping, plan.isolated), "");
  assert.notEqual(plan.isolated, "");
  assert.ok(parseCpuList(plan.housekeeping).includes(0));
  for (const list of [plan.housekeeping, plan.isolated]) assertWholeCores(plan, list);
  const perNode = cpusByNumaNode(plan, plan.housekeeping);
  assert.equal(perNode.length, facts.numaNodes);
  for (const list of perNode) assert.notEqual(list, "");
  const cores = housekeepingCores === 0 ? defaultHousekeepingCores(facts) : housekeepingCores;
  assert.equal(parseCpuList(plan.housekeeping).length, cores * facts.threadsPerCore);
}

function assertWholeCores(plan: CpuPlan, list: string): void {
  const cpus = new Set(parseCpuList(list));
  for (const cpu of cpus) {
    for (let thread = 0; thread < plan.threadsPerCore; thread += 1) {
      assert.ok(
        cpus.has((cpu % plan.cores) + thread * plan.cores),
        `CPU ${cpu} of ${list} without its sibling`,
      );
    }
  }
}

function factsOf(type: string): InstanceFacts {
  const facts = instanceFacts(type);
  assert.ok(facts !== undefined && isInstanceType(type), `${type} is unknown`);
  return facts;
}
