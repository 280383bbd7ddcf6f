import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ZONE_LABEL } from "../../../components/contract";
import { messageOf } from "../../offline/errors";
import { KubeClient } from "../kube-client";
import { parseKubeconfig } from "../kubeconfig";
import { type Demand, demandOf, type Growth, growthOf, READY, volumeFor } from "./volume";

/**
 * Stand-in for a storage driver's provisioner: a process of the lab that makes a zonal volume for each claim of its
 * class, once the scheduler has chosen a node for the claim's pod.
 */

const nodeSchema = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) });

const RETRY_MILLISECONDS = 500;

async function serve(client: KubeClient): Promise<never> {
  log(READY);
  for (;;) {
    try {
      // Each watch begins with every claim that is there, so nothing is missed between two.
      for await (const event of client.watch("/api/v1/persistentvolumeclaims")) {
        const demand = demandOf(event);
        if (demand !== undefined) await provision(client, demand);
        const growth = growthOf(event);
        if (growth !== undefined) await grow(client, growth);
      }
    } catch (error) {
      log(messageOf(error));
    }
    await sleep(RETRY_MILLISECONDS);
  }
}

async function provision(client: KubeClient, demand: Demand): Promise<void> {
  const { claim, node } = demand;
  const { metadata } = nodeSchema.parse(await client.get(`/api/v1/nodes/${node}`));
  const zone = metadata.labels[ZONE_LABEL];
  if (zone === undefined) {
    log(`node ${node} has no label ${ZONE_LABEL}: no volume for ${claim.metadata.name}`);
    return;
  }
  const volume = volumeFor(demand, zone, disks);
  makeFolder(volume.spec.hostPath.path);
  // Not made again when the claim is seen twice before it is bound.
  if (await client.create(volume))
    log(`${claim.metadata.namespace}/${claim.metadata.name}: volume in ${zone}`);
}

// There is no file system to grow: the volume says its new size, and so does the claim.
async function grow(client: KubeClient, { claim, volume, storage }: Growth): Promise<void> {
  const { name, namespace } = claim.metadata;
  const capacity = { capacity: { storage } };
  const type = "application/merge-patch+json";
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}/status`;
  for (const [place, body] of [
    [`/api/v1/persistentvolumes/${volume}`, { spec: capacity }],
    [path, { status: capacity }],
  ] as const) {
    const { status } = await client.send("PATCH", place, body, type);
    if (status >= 300) return log(`${place}: ${status}`);
  }
  log(`${namespace}/${name}: ${volume} has ${storage}`);
}

// A kubelet gives a driver's volume to the pod's group, but a plain folder to nobody: so everybody may write.
function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

const [, , file, disks = ""] = process.argv;
if (file === undefined || disks === "") throw new Error("usage: main.ts KUBECONFIG DISKS");
void serve(new KubeClient(parseKubeconfig(readFileSync(file, "utf8"))));
