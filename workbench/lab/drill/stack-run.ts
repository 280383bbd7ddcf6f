import { runMain } from "../../offline/errors";
import { type EngineOptions, openEngine } from "../../offline/harness";

/** One update in a process of its own, which a drill can kill; `startUp` starts it. */
async function main(): Promise<number> {
  const [, , options = "", ...flags] = process.argv;
  const parsed: EngineOptions = JSON.parse(options);
  const engine = await openEngine(parsed);
  try {
    const { exitCode, stdout, stderr } = await engine.up(flags);
    process.stdout.write(stdout + stderr);
    return exitCode;
  } finally {
    await engine.close();
  }
}

void runMain(main);
