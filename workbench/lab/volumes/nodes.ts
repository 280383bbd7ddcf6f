import { z } from "zod";
import { ZONE_LABEL } from "../../../components/contract";
import { SIMULATED } from "../commands";
import type { KubeClient } from "../kube-client";

const nodeSchema = z.object({
  metadata: z.object({
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});

/** What matters of a node for its disks; undefined when there is none of that name. */
export async function nodeFacts(
  client: Pick<KubeClient, "send">,
  name: string,
): Promise<{ readonly zone: string | undefined; readonly kind: "real" | "simulated" } | undefined> {
  const { status, body } = await client.send("GET", `/api/v1/nodes/${name}`);
  const { data } = nodeSchema.safeParse(body);
  if (status !== 200 || data === undefined) return undefined;
  const { labels, annotations } = data.metadata;
  return {
    zone: labels[ZONE_LABEL],
    kind: annotations[SIMULATED.key] === SIMULATED.value ? "simulated" : "real",
  };
}
