import type { NodeReport } from "./cluster";
import { nodeReport } from "./cluster";
import { KubeClient } from "./kube-client";
import { accessOf } from "./kubeconfig";
import { type LabFolder, PROCESSES, type ProcessName } from "./paths";
import { runningPid } from "./processes";
import { type LabSettings, readSettings } from "./settings";

/** What can be seen of a lab from outside. */
export interface Status {
  readonly folder: string;
  readonly settings: LabSettings | undefined;
  readonly pids: Readonly<Partial<Record<ProcessName, number>>>;
  /** Undefined when the API server does not answer. */
  readonly nodes: NodeReport | undefined;
}

export async function readStatus(lab: LabFolder): Promise<Status> {
  const settings = readSettings(lab);
  const pids: Partial<Record<ProcessName, number>> = {};
  for (const name of PROCESSES) {
    const pid = runningPid(lab, name);
    if (pid !== undefined) pids[name] = pid;
  }
  return { folder: lab.root, settings, pids, nodes: settings && (await readNodes(lab, settings)) };
}

/** Whether everything of the lab runs and every node is ready. */
export function isUp({ pids, nodes }: Status): boolean {
  return (
    PROCESSES.every((name) => pids[name] !== undefined) &&
    nodes !== undefined &&
    nodes.notReady.length === 0 &&
    nodes.ready.length > 0
  );
}

/** A lab's status in words. */
export function describeStatus(status: Status): string {
  const { folder, settings, pids, nodes } = status;
  if (settings === undefined) return "There is no lab. Start one with: npm run lab -- up";
  const lines = [
    `${headline(status)} (${folder})`,
    ...PROCESSES.map(
      (name) => `  ${name.padEnd(24)} ${pids[name] === undefined ? "does not run" : `process ${pids[name]}`}`,
    ),
    nodes === undefined
      ? `  the API server does not answer on port ${settings.ports.api}`
      : `  ${nodes.ready.length} simulated nodes are ready${nodes.notReady.length > 0 ? `, not ready: ${nodes.notReady.join(", ")}` : ""}`,
    `  nodes as Pulumi.${settings.stack}.yaml plans them; API server at https://127.0.0.1:${settings.ports.api}`,
  ];
  return lines.join("\n");
}

function headline(status: Status): string {
  if (isUp(status)) return "The lab is up.";
  return Object.keys(status.pids).length === 0
    ? "The lab does not run; npm run lab -- up starts it again, with its data."
    : "The lab is incomplete; npm run lab -- up completes it, npm run lab -- down removes it.";
}

async function readNodes(lab: LabFolder, settings: LabSettings): Promise<NodeReport | undefined> {
  try {
    const client = new KubeClient(accessOf(lab, "admin", settings.ports.api));
    try {
      return await nodeReport(client);
    } finally {
      client.close();
    }
  } catch {
    return undefined;
  }
}
