import { down } from "../../../lab/down";
import type { DrillTimers, Fact, Outcome } from "../../../lab/drill/drill";
import { nodeDeath } from "../../../lab/drill/drills/nodes";
import { killEngine } from "../../../lab/drill/drills/process";
import { openStage } from "../../../lab/drill/open";
import { ENGINES, perform } from "../../../lab/drill/perform";
import { SUBJECTS, type SubjectName } from "../../../lab/drill/subject";
import type { BenchContext } from "../context";
import { type DrainTimes, drainOnce, rollOut } from "./drills";

/** What one subject's engines did on real nodes. Times in seconds. */
export interface Recovery {
  readonly subject: SubjectName;
  readonly timers: DrillTimers;
  /** Without an accepted order, from SIGKILL to the engine on. */
  readonly crash: number;
  readonly drain: DrainTimes & { readonly dark: number };
  readonly death: number;
  readonly roll: { readonly seconds: number; readonly darkMarketSeconds: number };
  /** Of the seed: what becomes of its manifests exactly as they were published. */
  readonly verbatim: string;
  /** What the drills complain of: for the seed a result, for ours a fault. */
  readonly problems: readonly string[];
}

/** Both subjects, one after the other, each on a lab of its own with four real nodes. */
export async function benchRecovery(context: BenchContext): Promise<Recovery[]> {
  const results: Recovery[] = [];
  for (const subject of SUBJECTS) {
    results.push(await recoveryOf(context, subject));
    // Claim templates differ: a lab has one subject.
    await down(context.lab);
  }
  return results;
}

async function recoveryOf({ lab, signal, say }: BenchContext, subject: SubjectName): Promise<Recovery> {
  let verbatim = "";
  const onVerbatim = (facts: readonly Fact[]): void => {
    verbatim = facts.map(({ what, expected, seen }) => `${what}: ${seen} (expected ${expected})`).join("; ");
  };
  const stage = await openStage(lab, { timers: "scaled", subject, signal, say, onVerbatim });
  try {
    let times: DrainTimes = { drain: Number.NaN, start: Number.NaN, ready: Number.NaN };
    let rolled = Number.NaN;
    const drills = {
      crash: killEngine,
      drain: drainOnce((seen) => {
        times = seen;
      }),
      roll: rollOut((seconds) => {
        rolled = seconds;
      }),
      death: nodeDeath,
    };
    const done = async (name: keyof typeof drills): Promise<Outcome> => {
      signal.throwIfAborted();
      const outcome = await perform(drills[name], stage, ENGINES);
      say(`recovery: ${subject} ${name}: dark ${longest(outcome).toFixed(1)} s`);
      return outcome;
    };
    const [crash, drain, roll, death] = [
      await done("crash"),
      await done("drain"),
      await done("roll"),
      await done("death"),
    ];
    return {
      subject,
      verbatim,
      timers: stage.timers,
      crash: longest(crash),
      drain: { ...times, dark: longest(drain) },
      death: longest(death),
      roll: { seconds: rolled, darkMarketSeconds: sum(roll) },
      problems: [crash, drain, roll, death].flatMap(({ id, problems }) =>
        problems.map((text) => `${id}: ${text}`),
      ),
    };
  } finally {
    stage.client.close();
  }
}

function longest({ markets }: Outcome): number {
  return Math.max(...markets.map(({ darkSeconds }) => darkSeconds));
}

function sum({ markets }: Outcome): number {
  return markets.reduce((total, { darkSeconds }) => total + darkSeconds, 0);
}
