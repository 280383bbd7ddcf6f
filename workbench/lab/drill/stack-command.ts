import { spawn } from "node:child_process";
import { join } from "node:path";
import { REPOSITORY } from "../../offline/paths";
import type { LabFolder } from "../paths";

/** An update that runs as a command of its own, as on a CI machine that may go away. */
export interface RunningUp {
  ended(): boolean;
  output(): string;
  /** Kills the command with everything that it started, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts `npm run offline -- up` of dev on a lab, in a process group of its own. */
export function startUp({ root }: LabFolder, flags: readonly string[]): RunningUp {
  const entry = join(REPOSITORY, "workbench", "offline", "cli.ts");
  const child = spawn(
    process.execPath,
    ["-r", "ts-node/register/transpile-only", entry, "up", "--stack", "dev", `--lab=${root}`, ...flags],
    { cwd: REPOSITORY, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  const collect = (data: Buffer): void => {
    output += data.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    child.once("close", () => {
      isOver = true;
      resolve();
    });
  });
  return {
    ended: () => isOver,
    output: () => output,
    kill: async () => {
      if (!isOver && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      await over;
    },
  };
}
