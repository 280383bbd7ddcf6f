import type { NodeReport } from "./cluster";
import { nodeReport } from "./cluster";
import { KubeClient } from "./kube-client";
import { accessOf } from "./kubeconfig";
import { type LabFolder, PROCESSES, type ProcessName, processesFor } from "./paths";
import { runningPid } from "./processes";
import { apiServer, type LabSettings, readSettings } from "./settings";

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
export function isUp({ settings, pids, nodes }: Status): boolean {
  return (
    settings !== undefined &&
    processesFor(settings).every((name) => pids[name] !== undefined) &&
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
    ...processesFor(settings).map(
      (name) => `  ${name.padEnd(24)} ${pids[name] === undefined ? "does not run" : `process ${pids[name]}`}`,
    ),
    nodes === undefined
      ? `  the API server does not answer at ${apiServer(settings)}`
      : `  ${nodes.ready.length} nodes are ready, ${settings.real === undefined ? "all simulated" : `real: ${zonesInWords(settings.real.zones)}`}${nodes.notReady.length > 0 ? `, not ready: ${nodes.notReady.join(", ")}` : ""}`,
    `  nodes as Pulumi.${settings.stack}.yaml plans them; timers ${settings.timers}; API server at ${apiServer(settings)}`,
  ];
  return lines.join("\n");
}

function zonesInWords(zones: Readonly<Record<string, number>>): string {
  return Object.entries(zones)
    .map(([zone, count]) => `${count} in ${zone}`)
    .join(", ");
}

function headline(status: Status): string {
  if (isUp(status)) return "The lab is up.";
  return Object.keys(status.pids).length === 0
    ? "The lab does not run; npm run lab -- up starts it again, with its data."
    : "The lab is incomplete; npm run lab -- up completes it, npm run lab -- down removes it.";
}

async function readNodes(lab: LabFolder, settings: LabSettings): Promise<NodeReport | undefined> {
  try {
    const client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
    try {
      return await nodeReport(client);
    } finally {
      client.close();
    }
  } catch {
    return undefined;
  }
}
