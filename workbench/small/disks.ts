import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { KubeClient } from "../lab/kube-client";

const attachmentsSchema = z.object({
  items: z.array(
    z.object({ metadata: z.object({ name: z.string() }), spec: z.object({ nodeName: z.string() }) }),
  ),
});

const POLL_MILLISECONDS = 250;

/**
 * Waits until nothing is attached to a node that was drained; returns whether that came in time. On EKS a hook of the EBS
 * driver's DaemonSet holds the node for that: a node that went before its disks were detached would keep them for six
 * minutes, until the attach-detach controller gives it up.
 * @see https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/faq.md
 */
export async function disksDetached(
  client: Pick<KubeClient, "get">,
  node: string,
  seconds: number,
  say: (line: string) => void,
): Promise<boolean> {
  for (const deadline = Date.now() + seconds * 1000; ; ) {
    const { items } = attachmentsSchema.parse(await client.get("/apis/storage.k8s.io/v1/volumeattachments"));
    const left = items.filter(({ spec }) => spec.nodeName === node).length;
    if (left === 0) return true;
    if (Date.now() > deadline) return false;
    say(`${node}: ${left} ${left === 1 ? "disk is" : "disks are"} still attached`);
    await sleep(POLL_MILLISECONDS);
  }
}
