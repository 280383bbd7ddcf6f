import { join } from "node:path";
import { Bench, type Times } from "../../workbench/conformance/bench";

const ROOT = join(__dirname, "../..");

/** The command that runs a TypeScript program of this repository. */
export function program(path: string): string[] {
  return [
    process.execPath,
    "-r",
    join(ROOT, "node_modules/ts-node/register/transpile-only.js"),
    join(ROOT, path),
  ];
}

export const REFERENCE = program("examples/engine/main.ts");

/** Runs `use` in a bench of its own, and leaves no process, port or file behind, whatever happens. */
export async function withBench(use: (bench: Bench) => Promise<void>, times?: Times): Promise<void> {
  const bench = await Bench.open(REFERENCE, times);
  try {
    await use(bench);
  } finally {
    await bench.close();
  }
}
