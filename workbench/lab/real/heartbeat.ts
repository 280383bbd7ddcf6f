import { z } from "zod";
import type { KubeClient } from "../kube-client";

const nodeSchema = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});
const leaseSchema = z.object({ spec: z.object({ renewTime: z.string() }) });

/** Whether a node is ready, and has said so since a moment (milliseconds of the epoch): an old Ready proves nothing. */
export async function heartbeatAfter(client: KubeClient, node: string, moment: number): Promise<boolean> {
  const { status } = nodeSchema.parse(await client.get(`/api/v1/nodes/${node}`));
  const isReady = status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True");
  if (!isReady) return false;
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}`;
  const { spec } = leaseSchema.parse(await client.get(path));
  return Date.parse(spec.renewTime) >= moment;
}
