import assert from "node:assert/strict";
import { constantFrom, integer, property } from "fast-check";
import {
  checkEngineFits,
  KNOWN_INSTANCE_TYPES,
  largestEngine,
  type NodeProfile,
  planNode,
} from "../../../tuning";
import { holds } from "./holds";

const MEMORY = 1024;

describe("engine on its node", () => {
  const largest: readonly [change: Partial<NodeProfile>, cpus: number][] = [
    // Six isolated, but the add-ons' 190m leave 5.8, hence two whole cores.
    [{ instanceType: "c7i.2xlarge" }, 4],
    [{ instanceType: "c7i.2xlarge", threadsPerCore: 1 }, 2],
    [{ instanceType: "c7i.4xlarge" }, 12],
    [{ instanceType: "m7a.8xlarge" }, 27],
    [{ instanceType: "c8g.4xlarge" }, 13],
    // On one NUMA node: 44 cores of 48; 10 of 12.
    [{ instanceType: "c7i.metal-48xl" }, 88],
    [{ instanceType: "m5zn.metal" }, 20],
    [{ instanceType: "c7i.4xlarge", mode: "off" }, 14],
    [{ instanceType: "m7i.xlarge", mode: "off" }, 2],
    [{ instanceType: "m5zn.metal", mode: "off" }, 24],
  ];
  for (const [change, cpus] of largest) {
    it(`has at most ${cpus} CPUs with ${JSON.stringify(change)}`, () => {
      const plan = planFor(change);
      assert.equal(largestEngine(plan), cpus);
      assert.deepEqual(checkEngineFits(plan, { cpus, memoryMebibytes: MEMORY }), []);
      const step = plan.cpus.threadsPerCore;
      const problems = checkEngineFits(plan, { cpus: cpus + step, memoryMebibytes: MEMORY });
      assert.deepEqual(
        problems.map(({ field }) => field),
        ["cpus"],
      );
      assert.match(problems[0]?.remedy ?? "", new RegExp(`at most ${cpus}\\b`));
    });
  }

  it("hears the numbers when the add-ons do not fit beside it", () => {
    const [problem] = checkEngineFits(planFor({ instanceType: "c7i.2xlarge" }), {
      cpus: 6,
      memoryMebibytes: MEMORY,
    });
    assert.match(
      problem?.problem ?? "",
      /6000m for the engine and 190m for add-ons exceed the 6000m allocatable/,
    );
  });

  it("hears which CPUs are isolated when it wants more", () => {
    const [problem] = checkEngineFits(planFor({ instanceType: "c7i.2xlarge" }), {
      cpus: 8,
      memoryMebibytes: MEMORY,
    });
    assert.match(problem?.problem ?? "", /only 6 are isolated \(CPUs 1-3,5-7; housekeeping has 0,4\)/);
  });

  it("gets no odd number of CPUs where a core has two threads", () => {
    const [problem, ...others] = checkEngineFits(planFor({}), { cpus: 3, memoryMebibytes: MEMORY });
    assert.deepEqual(others, []);
    assert.match(problem?.problem ?? "", /3 is odd/);
    assert.match(problem?.remedy ?? "", /Give 2 or 4/);
    assert.deepEqual(
      checkEngineFits(planFor({ threadsPerCore: 1 }), { cpus: 3, memoryMebibytes: MEMORY }),
      [],
    );
  });

  for (const cpus of [0, -2, 1.5, Number.NaN]) {
    it(`gets no ${cpus} CPUs`, () => {
      const [problem] = checkEngineFits(planFor({}), { cpus, memoryMebibytes: MEMORY });
      assert.match(problem?.problem ?? "", /not a whole number of CPUs/);
    });
  }

  it("must fit into memory as well", () => {
    const plan = planFor({});
    const free = plan.allocatableMebibytes - plan.addonMebibytes;
    assert.deepEqual(checkEngineFits(plan, { cpus: 2, memoryMebibytes: free }), []);
    const [problem] = checkEngineFits(plan, { cpus: 2, memoryMebibytes: free + 1 });
    assert.equal(problem?.field, "memory");
    assert.match(problem?.remedy ?? "", new RegExp(`at most ${free} MiB`));
    assert.equal(checkEngineFits(plan, { cpus: 2, memoryMebibytes: 0 })[0]?.field, "memory");
  });

  it("fits with every accepted number of CPUs: engine and add-ons stay within the account and the isolated set", () => {
    const types = KNOWN_INSTANCE_TYPES.filter((type) => type !== "m7i.xlarge");
    holds(
      property(constantFrom(...types), integer({ min: 1, max: 200 }), (instanceType, cpus) => {
        const plan = planFor({ instanceType });
        const fits = checkEngineFits(plan, { cpus, memoryMebibytes: MEMORY }).length === 0;
        assert.equal(fits, cpus <= largestEngine(plan) && cpus % plan.cpus.threadsPerCore === 0);
        if (fits) assert.ok(cpus * 1000 + plan.addonMillicpu <= plan.allocatableMillicpu);
      }),
    );
  });
});

function planFor(change: Partial<NodeProfile>) {
  return planNode({ instanceType: "c7i.4xlarge", mode: "balanced", engineGraceSeconds: 60, ...change });
}
