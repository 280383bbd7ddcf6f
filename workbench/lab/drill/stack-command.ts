import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Edits, EngineOptions } from "../../offline/harness";
import { REPOSITORY } from "../../offline/paths";
import type { LabFolder } from "../paths";

/** An update that runs as a command of its own, as on a CI machine that may go away. */
export interface RunningUp {
  ended(): boolean;
  output(): string;
  /** Kills the command with everything that it started, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts an update of dev on a lab, in a process group of its own. */
export function startUp({ root, account }: LabFolder, edits: Edits, flags: readonly string[]): RunningUp {
  const options: EngineOptions = { stack: "dev", lab: root, stateDir: account, ...edits };
  const entry = join(__dirname, "stack-run.ts");
  const child = spawn(
    process.execPath,
    ["-r", "ts-node/register/transpile-only", entry, JSON.stringify(options), ...flags],
    { cwd: REPOSITORY, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  const collect = (data: Buffer): void => {
    output += data.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  let isOver = false;
  const end = (): void => {
    if (!isOver && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  // A drill that somebody interrupts ends with this process, and the group would stay.
  process.once("exit", end);
  const over = new Promise<void>((resolve) => {
    child.once("close", () => {
      isOver = true;
      process.removeListener("exit", end);
      resolve();
    });
  });
  return {
    ended: () => isOver,
    output: () => output,
    kill: async () => {
      end();
      await over;
    },
  };
}
