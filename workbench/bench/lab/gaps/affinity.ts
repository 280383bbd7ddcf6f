import { cpus } from "node:os";
import { processesFor } from "../../../lab/paths";
import { runningPid } from "../../../lab/processes";
import { pidsIn } from "../../../lab/real/cgroups";
import { livingPids, type RealLab } from "../../../lab/real/node";
import type { NodeFolder } from "../../../lab/real/node-folder";
import { tryRun } from "../../../lab/real/run";

/** The CPU of everything that is neither an engine nor its neighbour. */
const OTHERS = "0";

/**
 * Keeps the lab's own processes on one CPU, and this one, whatever the subject is. What else the machine runs is not
 * ours to move. containerd must be free again before it starts a pod: a container inherits what it may use.
 */
export async function confine(real: RealLab, node: NodeFolder): Promise<void> {
  await setAffinity(lab(real, node), OTHERS);
}

/** Takes it back. */
export async function release(real: RealLab, node: NodeFolder): Promise<void> {
  await setAffinity(lab(real, node), `0-${cpus().length - 1}`);
}

function lab({ lab, settings }: RealLab, node: NodeFolder): number[] {
  const pods = new Set(pidsIn(node.scope));
  const control = processesFor(settings).flatMap((name) => runningPid(lab, name) ?? []);
  return [process.pid, ...control, ...livingPids(node).filter((pid) => !pods.has(pid))];
}

async function setAffinity(pids: readonly number[], list: string): Promise<void> {
  for (const pid of pids) await tryRun("taskset", "--all-tasks", "--cpu-list", "--pid", list, String(pid));
}
