import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { KubeClient } from "../kube-client";

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
      spec: z.object({
        nodeName: z.string().optional(),
        volumes: z.array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() })),
      }),
      status: z.object({
        qosClass: z.string().optional(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly node: string | undefined;
  readonly claim: string | undefined;
  readonly ready: boolean;
  readonly qos: string | undefined;
}

/** The pods of a namespace, by name. */
export async function podsOf(client: KubeClient, namespace: string): Promise<PodView[]> {
  const { items } = podsSchema.parse(await client.get(`/api/v1/namespaces/${namespace}/pods`));
  return items
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      uid: metadata.uid,
      node: spec.nodeName,
      claim: spec.volumes.flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []))[0],
      ready:
        metadata.deletionTimestamp === undefined &&
        status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True"),
      qos: status.qosClass,
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Asks for an eviction as a drain does; returns the API server's answer. */
export async function evict(client: KubeClient, namespace: string, name: string): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  return (await client.send("POST", path, body)).status;
}

/** Waits until something holds; returns what was seen last, for the test to judge. */
export async function eventually<T>(
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
  milliseconds = 60_000,
): Promise<T> {
  for (const deadline = Date.now() + milliseconds; ; ) {
    const seen = await look();
    if (holds(seen) || Date.now() > deadline) return seen;
    await sleep(100);
  }
}
