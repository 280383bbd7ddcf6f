import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabFolder } from "../lab/paths";
import { lastWords, readOptional, runningPid, startProcess, stopProcesses } from "../lab/processes";
import { UserError } from "../offline/errors";
import { REPOSITORY } from "../offline/paths";
import type { SmallOptions } from "./main";
import { SmallClient } from "./service";

const PROCESS = "aws-small";
const START_MILLISECONDS = 30_000;

/** Where AWS in the small lives: in the lab's folder, so that both go together. */
export function smallFiles({ root }: Pick<LabFolder, "root">) {
  return { socket: join(root, "aws-small.sock"), state: join(root, "aws-small.json") };
}

/** Starts it unless it runs; returns whether it had to. */
export async function startSmall(lab: LabFolder, options: SmallOptions): Promise<boolean> {
  if (runningPid(lab, PROCESS) !== undefined) return false;
  startProcess(lab, {
    name: PROCESS,
    binary: process.execPath,
    args: [
      "-r",
      require.resolve("ts-node/register/transpile-only"),
      join(__dirname, "main.ts"),
      lab.root,
      JSON.stringify(options),
    ],
    cwd: REPOSITORY,
  });
  const client = new SmallClient(smallFiles(lab).socket);
  for (const deadline = Date.now() + START_MILLISECONDS; ; ) {
    await sleep(100);
    if (await client.report("any").catch(() => undefined)) return true;
    if (runningPid(lab, PROCESS) === undefined || Date.now() > deadline) {
      const log = lab.log(PROCESS);
      throw new UserError(
        `AWS in the small did not start: ${lastWords(readOptional(log) ?? "")}\nIts log is ${log}`,
      );
    }
  }
}

/** Ends it: nobody makes nodes any more. */
export async function stopSmall(lab: LabFolder): Promise<void> {
  await stopProcesses(lab, [PROCESS]);
}
