import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constantFrom, integer, record, sample } from "fast-check";
import {
  formatCpuList,
  INSTANCE_TYPES,
  type InstanceFacts,
  instanceFacts,
  intersectCpuLists,
  parseCpuList,
  unionCpuLists,
} from "../../../tuning";
import { type CpuRequest, cpuPlanProblems, planCpus } from "../../../tuning/cpu-plan";

const BUNDLE = join(__dirname, "..", "..", "..", "tuning", "node", "bundle");
const PARTITIONS = join(__dirname, "..", "..", "node", "partitions.sh");

/** A machine as `partition.awk` reads it: each CPU with its siblings and its NUMA node. */
interface Machine {
  readonly housekeepingCores: number;
  readonly cpus: readonly { readonly siblings: string; readonly node: number }[];
}

/** What the node's script answers, one line a machine; all machines in one process. */
function partitions(machines: readonly Machine[]): string[] {
  const input = machines.map(({ housekeepingCores, cpus }) =>
    [
      `machine ${housekeepingCores}`,
      ...cpus.map(({ siblings, node }, cpu) => `cpu ${cpu} ${siblings} ${node}`),
      "end\n",
    ].join("\n"),
  );
  const programs = ["cpus.awk", "partition.awk"].flatMap((name) => ["-f", join(BUNDLE, name)]);
  return execFileSync("awk", programs, { input: input.join(""), encoding: "utf8" })
    .trimEnd()
    .split("\n");
}

/** The plan as the script writes it; `-` where there is none. */
function planned(facts: InstanceFacts, request: CpuRequest): string {
  if (cpuPlanProblems(facts, request).length > 0) return "-";
  const { housekeeping, isolated } = planCpus(facts, request);
  return `${housekeeping} ${isolated}`;
}

/** As EC2 numbers them: thread t of core n is CPU n + t × cores, and a NUMA node is a range of cores. */
function machineOf(facts: InstanceFacts, housekeepingCores: number): Machine {
  const { cores, threadsPerCore, numaNodes } = facts;
  return {
    housekeepingCores,
    cpus: Array.from({ length: cores * threadsPerCore }, (_, cpu) => ({
      siblings: formatCpuList(Array.from({ length: threadsPerCore }, (_, t) => (cpu % cores) + t * cores)),
      node: Math.floor((cpu % cores) / (cores / numaNodes)),
    })),
  };
}

const drawn = record({
  coresPerNode: integer({ min: 1, max: 48 }),
  numaNodes: constantFrom(1, 2, 4),
  threadsPerCore: constantFrom(1 as const, 2 as const),
  housekeepingCores: integer({ min: 0, max: 12 }),
  shuffle: integer({ min: 1, max: 1_000_000 }),
});

describe("CPU partition on the node", () => {
  it("is the plan on every recorded machine", () => {
    const folder = mkdtempSync(join(tmpdir(), "partitions-"));
    try {
      const lines = execFileSync("bash", [PARTITIONS, folder], { encoding: "utf8" }).trimEnd().split("\n");
      assert.ok(lines.length >= 10);
      for (const line of lines) {
        const [name = "", ...found] = line.split(" ");
        const [type = "", threads] = name.split("/");
        const facts = instanceFacts(type);
        assert.ok(facts, type);
        const request: CpuRequest = { mode: "balanced", ...(threads === "1" ? { threadsPerCore: 1 } : {}) };
        const expected = planned(facts, request);
        assert.equal(expected === "-" ? found[0] : found.join(" "), expected, name);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is the plan on 500 random machines, or both refuse", () => {
    const machines = sample(drawn, { numRuns: 500, seed: 5 }).map(({ coresPerNode, ...rest }) => ({
      ...INSTANCE_TYPES["c7i.metal-48xl"],
      ...rest,
      cores: coresPerNode * rest.numaNodes,
    }));
    const found = partitions(machines.map((machine) => machineOf(machine, machine.housekeepingCores)));
    const expected = machines.map((machine) =>
      planned(machine, {
        mode: "balanced",
        ...(machine.housekeepingCores === 0 ? {} : { housekeepingCores: machine.housekeepingCores }),
      }),
    );
    assert.deepEqual(
      found.map((line) => (line.startsWith("- ") ? "-" : line)),
      expected,
    );
    const refused = expected.filter((line) => line === "-").length;
    assert.ok(refused > 20 && refused < 480, `${refused} of 500 refused: the draw says nothing`);
  });

  it("is whole cores, CPU 0 and a core of each NUMA node, however a machine numbers its CPUs", () => {
    const machines = sample(drawn, { numRuns: 200, seed: 7 }).map((draw) => renumbered(draw));
    for (const [index, line] of partitions(machines).entries()) {
      const machine = machines[index];
      const [housekeeping = "", isolated = ""] = line.split(" ");
      if (housekeeping === "-" || machine === undefined) continue;
      const kept = new Set(parseCpuList(housekeeping));
      assert.equal(unionCpuLists(housekeeping, isolated), `0-${machine.cpus.length - 1}`);
      assert.equal(intersectCpuLists(housekeeping, isolated), "");
      assert.ok(kept.has(0));
      for (const { siblings } of machine.cpus) {
        assert.equal(new Set(parseCpuList(siblings).map((cpu) => kept.has(cpu))).size, 1, siblings);
      }
      const nodes = new Set(machine.cpus.map(({ node }) => node));
      assert.deepEqual(new Set([...kept].map((cpu) => machine.cpus[cpu]?.node)), nodes);
    }
  });
});

/** The same cores under other numbers, CPU 0 among them, since the kernel boots on it. */
function renumbered(draw: {
  coresPerNode: number;
  numaNodes: number;
  threadsPerCore: 1 | 2;
  housekeepingCores: number;
  shuffle: number;
}): Machine {
  const cores = draw.coresPerNode * draw.numaNodes;
  const machine = machineOf(
    {
      ...INSTANCE_TYPES["c7i.metal-48xl"],
      cores,
      numaNodes: draw.numaNodes,
      threadsPerCore: draw.threadsPerCore,
    },
    draw.housekeepingCores,
  );
  const count = machine.cpus.length;
  const step = [7, 11, 13, 5, 3, 1].find((prime) => count % prime !== 0) ?? 1;
  const renamed = (cpu: number) => (cpu * step + draw.shuffle) % count;
  const cpus = machine.cpus.map(({ siblings, node }, cpu) => ({
    number: renamed(cpu),
    siblings: formatCpuList(parseCpuList(siblings).map(renamed)),
    node,
  }));
  return { ...machine, cpus: cpus.sort((a, b) => a.number - b.number) };
}
