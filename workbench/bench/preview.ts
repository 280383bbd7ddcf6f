import { join } from "node:path";
import { type Engine, openEngine } from "../offline/harness";
import { manyEngines } from "./many-engines";
import { type Candidate, type Cost, compare } from "./measure";
import type { Result } from "./report";
import { ROOT } from "./stack-config";

const EMPTY = join(__dirname, "fixtures", "empty-program");
const PACK = join(ROOT, "policy");
const EMPTY_PACK = join(__dirname, "fixtures", "empty-pack");

/** Engines of twenty ordinals for about 150, 600 and 1,500 resources. */
const SIZES = [4, 40, 108] as const;

/** A whole preview, from the command to its end, beside an empty program's, each with a policy pack. */
export async function benchPreview(
  rounds: number,
  onRun: (name: string, round: number) => void,
): Promise<Result[]> {
  const dev = await openEngine({ stack: "dev", policyPack: PACK });
  const empty = await openEngine({ project: EMPTY, stack: "empty", policyPack: EMPTY_PACK });
  try {
    const cost = await compare([candidate("dev", dev), candidate("empty", empty)], rounds, onRun);
    const [ours, floor] = [cost("dev").seconds, cost("empty").seconds];
    return [
      {
        what: "preview of dev with its pack ÷ empty program with an empty pack",
        value: ours / floor,
        bound: 2,
        detail: `${ours.toFixed(2)} s ÷ ${floor.toFixed(2)} s`,
      },
    ];
  } finally {
    await Promise.all([dev.close(), empty.close()]);
  }
}

/** What one more resource costs, in small and in large stacks. Without a pack: the engine and the program alone. */
export async function benchScale(
  rounds: number,
  onRun: (name: string, round: number) => void,
): Promise<Result[]> {
  const empty = await openEngine({ project: EMPTY, stack: "empty" });
  const stacks = await Promise.all(
    SIZES.map(async (engines) => ({
      engines,
      engine: await openEngine({ stack: "dev", configOverrides: manyEngines(engines) }),
    })),
  );
  const counts = new Map<string, number>();
  try {
    const candidates = stacks.map(({ engines, engine }) => candidate(String(engines), engine, counts));
    const cost = await compare([candidate("empty", empty), ...candidates], rounds, onRun);
    const floor = cost("empty").seconds;
    const perResource = SIZES.map((engines) => {
      const resources = counts.get(String(engines)) ?? Number.NaN;
      return { resources, milliseconds: ((cost(String(engines)).seconds - floor) / resources) * 1000 };
    });
    const [small, , large] = perResource;
    return [
      {
        what: "preview cost per resource, large ÷ small stack",
        value: (large?.milliseconds ?? Number.NaN) / (small?.milliseconds ?? Number.NaN),
        bound: 1.2,
        detail: perResource
          .map(({ resources, milliseconds }) => `${milliseconds.toFixed(1)} ms at ${resources}`)
          .join(", "),
      },
    ];
  } finally {
    await Promise.all([empty.close(), ...stacks.map(({ engine }) => engine.close())]);
  }
}

function candidate(name: string, engine: Engine, counts?: Map<string, number>): Candidate {
  return { name, run: () => timed(name, engine, counts) };
}

async function timed(name: string, engine: Engine, counts?: Map<string, number>): Promise<Cost> {
  const start = process.hrtime.bigint();
  const preview = await engine.preview();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (preview.exitCode !== 0)
    throw new Error(`the preview of ${name} failed:\n${preview.stdout}${preview.stderr}`);
  counts?.set(name, preview.steps.length);
  return { seconds, megabytes: 0 };
}
