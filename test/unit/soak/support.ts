import type { Evidence } from "../../../workbench/soak/evidence";
import type { Entry, Head, Journal, Round } from "../../../workbench/soak/record";

export const HEAD: Head = {
  kind: "soak",
  started: "2026-08-01T00:00:00.000Z",
  rounds: 2,
  timers: "real",
  drills: ["R1", "R5", "map"],
  manifests: { ours: "aaaa", seed: "bbbb" },
  machine: { cpus: 2, memoryGibibytes: 24, kernel: "Linux 6.1" },
  versions: { Kubernetes: "1.35.4" },
};

export const DRILLS = [
  { id: "R1", title: "kill", steps: ["kill it"], expectation: "it comes back" },
  {
    id: "R5",
    title: "two at once",
    steps: ["one", "two | three"],
    expectation: "one at a time",
    seedNote: "No budget.",
  },
  { id: "map", title: "a market", steps: ["add"], expectation: "none restarts", notOnSeed: "it has no map" },
];

export function round(number: number, changes: Partial<Round> = {}): Round {
  return {
    ...{ round: number, started: HEAD.started, seconds: 30, dark: { BTC: 2, ETH: 1 } },
    ...{ lost: 0, doubled: 0, secondWriters: 0, stalled: 0, problems: [] },
    ...changes,
  };
}

export function entry(
  id: string,
  subject: "ours" | "seed",
  number: number,
  changes: Partial<Round> = {},
): Entry {
  return { kind: "round", id, subject, ...round(number, changes) };
}

export function journal(...entries: Entry[]): Journal {
  return { head: HEAD, entries };
}

/** All of it, measured and good. */
export function evidence(id: string, changes: Partial<Evidence> = {}): Evidence {
  const drill = DRILLS.find((each) => each.id === id) ?? { id, title: id, steps: ["x"], expectation: "y" };
  const { timers, machine, versions } = HEAD;
  return {
    ...{ ...drill, timers, machine, versions },
    ours: { manifests: "aaaa", rounds: [round(1), round(2)] },
    ...(drill.notOnSeed === undefined && { seed: { manifests: "bbbb", rounds: [round(1), round(2)] } }),
    ...changes,
  };
}
