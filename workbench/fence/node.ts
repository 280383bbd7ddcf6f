import { z } from "zod";
import { ENGINE_LABEL } from "../../components/contract";
import { UserError } from "../offline/errors";
import type { Cluster } from "./cluster";

/** https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#non-graceful-node-shutdown */
export const OUT_OF_SERVICE = {
  key: "node.kubernetes.io/out-of-service",
  value: "nodeshutdown",
  effect: "NoExecute",
} as const;

const taintSchema = z.looseObject({ key: z.string(), effect: z.string() });
type Taint = z.infer<typeof taintSchema>;

const nodeSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), resourceVersion: z.string() }),
  spec: z.object({ providerID: z.string().default(""), taints: z.array(taintSchema).default([]) }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
});

/** What fencing reads of a Node. */
export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly version: string;
  readonly providerId: string;
  readonly ready: boolean;
  readonly taints: readonly Taint[];
}

/** An engine's pod on a node, and the last sign of its lease. */
export interface EnginePod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  readonly node: string;
  /** Changes with each renewal; undefined when there is no lease. */
  readonly leaseVersion: string | undefined;
}

export function nodePath(name: string): string {
  return `/api/v1/nodes/${name}`;
}

export async function readNode(cluster: Cluster, name: string): Promise<NodeView> {
  const { metadata, spec, status } = nodeSchema.parse(await cluster.get(nodePath(name)));
  return {
    name: metadata.name,
    uid: metadata.uid,
    version: metadata.resourceVersion,
    providerId: spec.providerID,
    ready: status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True"),
    taints: spec.taints,
  };
}

/** A node's taints with the one that says it is out of service. The list is replaced as a whole, so all must be in it. */
export function withOutOfService(taints: readonly Taint[]): Taint[] {
  return [...withoutOutOfService(taints), { ...OUT_OF_SERVICE }];
}

export function withoutOutOfService(taints: readonly Taint[]): Taint[] {
  return taints.filter(({ key }) => key !== OUT_OF_SERVICE.key);
}

/** A kubelet and two controllers write a Node, too; not ten times in a row between a read and a write. */
const ATTEMPTS = 10;

/**
 * Changes a node's taints. Where somebody else wrote the Node since it was read, it is read again, and `judge` throws if
 * what it is now must not be changed.
 */
export async function changeTaints(
  cluster: Cluster,
  node: NodeView,
  change: (taints: readonly Taint[]) => Taint[],
  judge: (now: NodeView) => void = () => {},
): Promise<void> {
  let now = node;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const body = { metadata: { resourceVersion: now.version }, spec: { taints: change(now.taints) } };
    if (await cluster.patch(nodePath(node.name), body)) return;
    now = await readNode(cluster, node.name);
    judge(now);
  }
  throw new UserError(
    `node ${node.name} was written by others all the time, so its taints were not: run this again.`,
  );
}

const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({ nodeName: z.string().optional() }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
});
const podsSchema = z.object({ items: z.array(podSchema) });
const leasesSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string(), resourceVersion: z.string() }),
    }),
  ),
});

/** Every engine's pod of the cluster. */
export async function enginePods(cluster: Cluster): Promise<EnginePod[]> {
  const selector = encodeURIComponent(`${ENGINE_LABEL.key}=${ENGINE_LABEL.value}`);
  const { items } = podsSchema.parse(await cluster.get(`/api/v1/pods?labelSelector=${selector}`));
  const leases = leasesSchema.parse(await cluster.get("/apis/coordination.k8s.io/v1/leases"));
  return items.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    node: spec.nodeName ?? "",
    ready:
      metadata.deletionTimestamp === undefined &&
      status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True"),
    leaseVersion: leases.items.find(
      (lease) => lease.metadata.name === metadata.name && lease.metadata.namespace === metadata.namespace,
    )?.metadata.resourceVersion,
  }));
}
