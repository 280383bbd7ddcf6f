import { readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../offline/errors";
import { isOwnEntry, type LabFolder, PROCESSES } from "./paths";
import { runningPid, stopPid, stopProcesses, strayPids } from "./processes";
import { cgroupsLike, removeCgroup } from "./real/cgroups";
import { removeNetwork } from "./real/network";
import { livingPids, removeNode } from "./real/node";
import { labId, nodeFolders } from "./real/node-folder";

/** What was there to take down. */
export interface Removed {
  readonly processes: number;
  readonly folder: boolean;
}

/** Ends every process of a lab and removes its folder, whatever state an earlier run left it in. */
export async function down(lab: LabFolder): Promise<Removed> {
  const running = PROCESSES.filter((name) => runningPid(lab, name) !== undefined);
  // Looked for before the pid files go: a run that was killed may not have written one.
  const strays = strayPids(
    lab,
    running.map((name) => runningPid(lab, name)),
  );
  const nodes = await removeNodes(lab);
  await stopProcesses(lab, running);
  for (const pid of strays) await stopPid(pid);
  return { processes: running.length + strays.length + nodes, folder: removeFolder(lab) };
}

// By the names that the lab gives, so that also what no record tells of is found.
async function removeNodes(lab: LabFolder): Promise<number> {
  if (process.getuid?.() !== 0) return 0;
  const nodes = nodeFolders(lab);
  const processes = nodes.flatMap(livingPids).length;
  for (const node of nodes) await removeNode(node);
  await removeNetwork(lab);
  for (const scope of cgroupsLike(`lab-${labId(lab)}-`)) removeCgroup(scope);
  return processes;
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
