import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { KubeClient } from "../lab/kube-client";

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        namespace: z.string(),
        deletionTimestamp: z.string().optional(),
        ownerReferences: z.array(z.object({ kind: z.string() })).default([]),
      }),
    }),
  ),
});

interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly isLeaving: boolean;
}

const MERGE_PATCH = "application/merge-patch+json";
const POLL_MILLISECONDS = 500;
/** EKS's word for a drain that did not end in time. */
export const EVICTION_FAILURE = "PodEvictionFailure";
const TOO_MANY_REQUESTS = 429;

/** Forbids or allows new pods on a node. */
export async function setCordon(client: KubeClient, node: string, unschedulable: boolean): Promise<void> {
  await client.send("PATCH", `/api/v1/nodes/${node}`, { spec: { unschedulable } }, MERGE_PATCH);
}

/**
 * Empties a node by the Eviction API, which asks every disruption budget; pods of DaemonSets stay.
 * @throws Error with EKS's own word for it when a pod is still there at the deadline
 */
export async function drain(
  client: KubeClient,
  node: string,
  seconds: number,
  say: (line: string) => void,
): Promise<void> {
  await setCordon(client, node, true);
  for (const deadline = Date.now() + seconds * 1000; ; ) {
    const pods = await evictable(client, node);
    if (pods.length === 0) return;
    const names = pods.map(({ name }) => name).join(", ");
    if (Date.now() > deadline) {
      throw new Error(`${EVICTION_FAILURE}: ${node} still has ${names} after ${seconds} s`);
    }
    say(`draining ${node}: ${names}`);
    for (const pod of pods.filter(({ isLeaving }) => !isLeaving)) await evict(client, pod);
    await sleep(POLL_MILLISECONDS);
  }
}

async function evictable(client: KubeClient, node: string): Promise<Pod[]> {
  const { items } = podsSchema.parse(await client.get(`/api/v1/pods?fieldSelector=spec.nodeName=${node}`));
  return items
    .filter(({ metadata }) => !metadata.ownerReferences.some(({ kind }) => kind === "DaemonSet"))
    .map(({ metadata: { namespace, name, deletionTimestamp } }) => ({
      namespace,
      name,
      isLeaving: deletionTimestamp !== undefined,
    }));
}

async function evict(client: KubeClient, { namespace, name }: Pod): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  const { status } = await client.send("POST", path, body);
  // A budget that has nothing to give is asked again until the deadline; a pod that is gone was what was wanted.
  if (status >= 400 && status !== TOO_MANY_REQUESTS && status !== 404) {
    throw new Error(`${path}: ${status}`);
  }
}
