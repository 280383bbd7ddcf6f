import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What one run of a process cost. */
export interface Cost {
  /** Seconds from start to end, or to the first line for a server. */
  readonly seconds: number;
  /** Peak resident memory in MB; 0 where it was not asked for. */
  readonly megabytes: number;
}

export interface Command {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A server is measured until its first line of output, and then ended. */
  readonly untilFirstLine?: boolean;
}

const MEMORY_HOOK = join(__dirname, "report-memory.cjs");

/** Runs Node.js once and measures it. */
export async function run(command: Command): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const report = join(folder, "memory");
  try {
    const start = process.hrtime.bigint();
    const seconds = await new Promise<number>((resolve, reject) => {
      const child = spawn(process.execPath, ["--require", MEMORY_HOOK, ...command.args], {
        cwd: command.cwd,
        env: { ...process.env, ...command.env, BENCH_MEMORY_REPORT: report },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      let first: number | undefined;
      const since = () => Number(process.hrtime.bigint() - start) / 1e9;
      child.stdout.on("data", (chunk) => {
        output += chunk;
        if (!command.untilFirstLine || first !== undefined) return;
        first = since();
        child.kill("SIGTERM");
      });
      child.stderr.on("data", (chunk) => {
        output += chunk;
      });
      child.once("error", reject);
      child.once("close", (code) => {
        if (first !== undefined) resolve(first);
        else if (code === 0) resolve(since());
        else reject(new Error(`${command.args[0]} ended with exit code ${code}:\n${output.slice(-2000)}`));
      });
    });
    return { seconds, megabytes: readMemory(report) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readMemory(report: string): number {
  try {
    return Number(readFileSync(report, "utf8")) / 1024;
  } catch {
    // A server is ended by a signal and may not have written it.
    return 0;
  }
}

/** One of the things that are compared. */
export interface Candidate {
  readonly name: string;
  readonly run: () => Promise<Cost>;
}

/**
 * Measures candidates in turn, A B C A B C …, and gives each one's median: a machine that slows down for a while slows
 * all of them, so their ratio holds. The first round warms the caches and is not counted.
 */
export async function compare(
  candidates: readonly Candidate[],
  rounds: number,
  onRun: (name: string, round: number) => void,
): Promise<(name: string) => Cost> {
  const costs = new Map<string, Cost[]>(candidates.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++)
    for (const { name, run: measured } of candidates) {
      onRun(name, round);
      const cost = await measured();
      if (round > 0) costs.get(name)?.push(cost);
    }
  return (name) => medianCost(costs.get(name) ?? []);
}

function medianCost(costs: readonly Cost[]): Cost {
  return {
    seconds: median(costs.map((cost) => cost.seconds)),
    megabytes: median(costs.map((cost) => cost.megabytes)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
