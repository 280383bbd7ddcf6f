import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ZONE_LABEL } from "../../components/contract";
import { type PodView, podsOf } from "../lab/engines/pods";
import { stackEngine } from "../lab/engines/spec";
import type { KubeClient } from "../lab/kube-client";
import type { LabFolder } from "../lab/paths";
import { nodeFolders } from "../lab/real/node-folder";
import { UserError } from "../offline/errors";
import { table } from "../offline/summary";

const READY_MILLISECONDS = 180_000;
const POLL_MILLISECONDS = 500;

const podSchema = z.object({ status: z.object({ podIP: z.string().optional() }) });
const nodeSchema = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) });
const viewSchema = z.object({ phase: z.string(), openOrders: z.array(z.string()) });

interface Row {
  readonly pod: PodView;
  readonly zone: string;
  readonly isReal: boolean;
  /** What the engine says of itself. */
  readonly says: string;
}

/**
 * Waits until every engine is ready, and those on real kubelets say that they trade. `pulumi up` does not wait for a
 * roll that a node group caused: the StatefulSet itself was not changed.
 * @throws UserError with what every pod lacks
 */
export async function engineTable(
  lab: LabFolder,
  client: KubeClient,
  stack: string,
  signal: AbortSignal,
): Promise<string> {
  const { namespace, markets } = stackEngine(stack);
  let rows: Row[] = [];
  for (const deadline = Date.now() + READY_MILLISECONDS; ; ) {
    rows = await Promise.all(
      (await podsOf(client, namespace)).map((pod) => rowOf(lab, client, namespace, pod)),
    );
    const isGood = ({ pod, isReal, says }: Row): boolean =>
      pod.ready && (!isReal || says.startsWith("trading"));
    if (rows.length === markets.length && rows.every(isGood)) break;
    if (Date.now() > deadline) throw new UserError(`not every engine trades:\n${inWords(rows, markets)}`);
    await sleep(POLL_MILLISECONDS, undefined, { signal });
  }
  return `\nOn the lab\n${inWords(rows, markets)}\n`;
}

function inWords(rows: readonly Row[], markets: readonly (readonly string[])[]): string {
  return table([
    ["engine", "markets", "zone", "node", "kubelet", "engine says"],
    ...rows.map(({ pod, zone, isReal, says }, ordinal) => [
      pod.name,
      (markets[ordinal] ?? []).join(", "),
      zone,
      pod.node ?? "none yet",
      isReal ? "real" : "simulated",
      isReal ? says : pod.ready ? "nothing: its node is simulated" : "not ready",
    ]),
  ]);
}

async function rowOf(lab: LabFolder, client: KubeClient, namespace: string, pod: PodView): Promise<Row> {
  const isReal = nodeFolders(lab).some(({ request }) => request.name === pod.node);
  const zone = pod.node === undefined ? "" : await zoneOf(client, pod.node);
  return { pod, zone, isReal, says: isReal ? await engineSays(client, namespace, pod.name) : "" };
}

async function zoneOf(client: KubeClient, node: string): Promise<string> {
  const { data } = nodeSchema.safeParse((await client.send("GET", `/api/v1/nodes/${node}`)).body);
  return data?.metadata.labels[ZONE_LABEL] ?? "";
}

async function engineSays(client: KubeClient, namespace: string, name: string): Promise<string> {
  try {
    const { status } = podSchema.parse(await client.get(`/api/v1/namespaces/${namespace}/pods/${name}`));
    const response = await fetch(`http://${status.podIP}:8080/positions`, {
      signal: AbortSignal.timeout(2000),
    });
    const { phase, openOrders } = viewSchema.parse(await response.json());
    return `${phase}, ${openOrders.length} open orders`;
  } catch {
    return "does not answer";
  }
}
