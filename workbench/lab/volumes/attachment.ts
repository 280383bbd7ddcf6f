import { z } from "zod";
import { PROVISIONER } from "../nodes";
import type { Disk } from "./volume";

/** Keeps a VolumeAttachment until the disk is detached; named as the external-attacher names its own. */
export const FINALIZER = `external-attacher/${PROVISIONER.replaceAll(".", "-")}`;

const attachmentSchema = z.object({
  metadata: z.object({
    name: z.string(),
    deletionTimestamp: z.string().optional(),
    finalizers: z.array(z.string()).default([]),
  }),
  spec: z.object({
    attacher: z.literal(PROVISIONER),
    nodeName: z.string(),
    source: z.object({ persistentVolumeName: z.string() }),
  }),
  status: z
    .object({ attached: z.boolean(), attachError: z.object({ message: z.string() }).optional() })
    .default({ attached: false }),
});
/** The wish of the controller manager that a disk be attached to a node, and what became of it. */
export type Attachment = z.infer<typeof attachmentSchema>;

/** A VolumeAttachment of this driver, or undefined. */
export function attachmentOf(object: unknown): Attachment | undefined {
  return attachmentSchema.safeParse(object).data;
}

/** What is known besides an attachment when it is decided. */
export interface Surroundings {
  readonly disk: Disk | undefined;
  /** Zone of the node; undefined when there is no such node. */
  readonly zone: string | undefined;
  /** The other attachments of the same disk. */
  readonly others: readonly Attachment[];
}

export type AttachStep =
  | { readonly kind: "none" }
  | { readonly kind: "attach"; readonly disk: Disk }
  | { readonly kind: "detach" }
  | { readonly kind: "refuse"; readonly message: string };

/** Whether a disk counts as attached, or is on its way: until the finalizer is gone, the node may write to it. */
export function holds({ metadata, status }: Attachment): boolean {
  return status.attached || metadata.finalizers.includes(FINALIZER);
}

/** What EBS would do: a disk is in one zone, and attached to one instance at a time. */
export function attachStep(attachment: Attachment, surroundings: Surroundings): AttachStep {
  const { metadata, spec, status } = attachment;
  if (metadata.deletionTimestamp !== undefined) return { kind: holds(attachment) ? "detach" : "none" };
  if (status.attached) return { kind: "none" };
  const { disk } = surroundings;
  const message = refusal(spec, surroundings);
  if (message === undefined && disk !== undefined) return { kind: "attach", disk };
  // Said once: the answer to saying it again would be another event.
  if (message === undefined || message === status.attachError?.message) return { kind: "none" };
  return { kind: "refuse", message };
}

function refusal(
  { nodeName, source }: Attachment["spec"],
  { disk, zone, others }: Surroundings,
): string | undefined {
  if (disk === undefined) {
    return `InvalidVolume.NotFound: there is no volume ${source.persistentVolumeName}`;
  }
  if (zone === undefined) return `InvalidInstanceID.NotFound: there is no node ${nodeName}`;
  if (zone !== disk.zone) {
    return `InvalidVolume.ZoneMismatch: ${disk.handle} is in ${disk.zone}, ${nodeName} in ${zone}`;
  }
  const holder = others.find(holds);
  return holder && `VolumeInUse: ${disk.handle} is attached to ${holder.spec.nodeName}`;
}
