import { z } from "zod";
import type { KubeClient } from "./kube-client";
import { addonStandIn, nodeManifests, storageClass } from "./nodes";
import type { LabSettings } from "./settings";
import { stackPlan } from "./stack-plan";
import { csiDriver } from "./volumes/volume";

const nodesSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

const daemonSetSchema = z.object({
  status: z.object({ desiredNumberScheduled: z.number(), numberReady: z.number() }),
});

/** Names of nodes that are ready, and of those that are not. */
export interface NodeReport {
  readonly ready: readonly string[];
  readonly notReady: readonly string[];
}

/** Whether a lab has no node of its own. */
export function isBare({ nodesPerZone, real }: Pick<LabSettings, "nodesPerZone" | "real">): boolean {
  return nodesPerZone === 0 && Object.values(real?.zones ?? {}).every((count) => count === 0);
}

/** Makes what the lab's cluster holds from the start; returns the names of what was not there yet. */
export async function populate(client: KubeClient, settings: LabSettings): Promise<string[]> {
  const stack = { ...stackPlan(settings.stack), nodesPerZone: settings.nodesPerZone };
  const made: string[] = [];
  const nodes = isBare(settings) ? [] : nodeManifests(stack, settings.real?.zones);
  for (const manifest of [storageClass(), csiDriver(), ...nodes, addonStandIn(stack)]) {
    if (await client.create(manifest)) made.push(`${manifest.kind} ${manifest.metadata.name}`);
  }
  return made;
}

/** Which nodes are ready. */
export async function nodeReport(client: KubeClient): Promise<NodeReport> {
  const { items } = nodesSchema.parse(await client.get("/api/v1/nodes"));
  const isReady = ({ status }: (typeof items)[number]): boolean =>
    status.conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
  const names = (ready: boolean): string[] =>
    items.filter((node) => isReady(node) === ready).map(({ metadata }) => metadata.name);
  return { ready: names(true), notReady: names(false) };
}

/** Whether every node is ready and carries what the add-ons request: scheduler, controllers and kwok all did work. */
export async function isPopulated(client: KubeClient, { nodesPerZone, real }: LabSettings): Promise<boolean> {
  const { ready, notReady } = await nodeReport(client);
  const { status } = daemonSetSchema.parse(
    await client.get("/apis/apps/v1/namespaces/kube-system/daemonsets/addon-requests"),
  );
  // Somebody else makes the nodes of a bare lab, and may have made some already.
  if (isBare({ nodesPerZone, real })) return status.numberReady === status.desiredNumberScheduled;
  const trading = ready.filter((name) => name !== "system-0").length;
  return notReady.length === 0 && trading > 0 && status.numberReady === trading;
}

/** Whether the controller manager works: it makes this account soon after it starts. */
export async function hasControllers(client: KubeClient): Promise<boolean> {
  const { status } = await client.send("GET", "/api/v1/namespaces/default/serviceaccounts/default");
  return status === 200;
}
