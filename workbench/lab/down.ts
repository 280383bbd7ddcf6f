import { readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../offline/errors";
import { isOwnEntry, type LabFolder, PROCESSES } from "./paths";
import { runningPid, stopPid, stopProcesses, strayPids } from "./processes";

/** What was there to take down. */
export interface Removed {
  readonly processes: number;
  readonly folder: boolean;
}

/** Ends every process of a lab and removes its folder, whatever state an earlier run left it in. */
export async function down(lab: LabFolder): Promise<Removed> {
  const running = PROCESSES.filter((name) => runningPid(lab, name) !== undefined);
  // Looked for before the pid files go: a run that was killed may not have written one.
  const strays = strayPids(lab);
  await stopProcesses(lab, running);
  for (const pid of strays) await stopPid(pid);
  return { processes: running.length + strays.length, folder: removeFolder(lab) };
}

function removeFolder({ root }: LabFolder): boolean {
  let entries: string[];
  try {
    entries = readdirSync(root);
  } catch {
    return false;
  }
  for (const entry of entries.filter(isOwnEntry)) {
    rmSync(join(root, entry), { recursive: true, force: true });
  }
  const foreign = entries.find((entry) => !isOwnEntry(entry));
  if (foreign !== undefined) {
    throw new UserError(`${root} holds files that are not the lab's ("${foreign}"): they were left there.`);
  }
  rmdirSync(root);
  return true;
}
