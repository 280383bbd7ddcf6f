import { z } from "zod";
import { ZONE_LABEL } from "../../../components/contract";
import type { Manifest } from "../kube-client";
import { PROVISIONER } from "../nodes";

/** In the provisioner's log once it has loaded: whoever started it waits for that. */
export const READY = "serving claims";

/** What is read of a claim. */
const claimSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({
    accessModes: z.array(z.string()),
    storageClassName: z.string().optional(),
    volumeMode: z.string().optional(),
    volumeName: z.string().optional(),
    resources: z.object({ requests: z.object({ storage: z.string() }) }),
  }),
  status: z.object({ capacity: z.object({ storage: z.string() }).optional() }).default({}),
});
export type Claim = z.infer<typeof claimSchema>;

const eventSchema = z.object({ type: z.string(), object: z.unknown() });

/** Set by the scheduler on a claim that waits for its first consumer. */
const SELECTED_NODE = "volume.kubernetes.io/selected-node";
/** Set by the volume controller on a claim that somebody else has to serve. */
const SERVED_BY = "volume.kubernetes.io/storage-provisioner";

/** Drivers that this stands in for: the lab's own, and the one that the stacks on AWS name. */
const PROVISIONERS: readonly string[] = [PROVISIONER, "ebs.csi.aws.com"];

/** A claim that waits for a volume of ours, and the node that its pod will run on. */
export interface Demand {
  readonly claim: Claim;
  readonly provisioner: string;
  readonly node: string;
}

/** What an event of the claims' watch asks for, if anything. */
export function demandOf(event: unknown): Demand | undefined {
  const { data: change } = eventSchema.safeParse(event);
  if (change === undefined || !(change.type === "ADDED" || change.type === "MODIFIED")) return undefined;
  const { data: claim } = claimSchema.safeParse(change.object);
  if (claim === undefined || claim.spec.volumeName !== undefined) return undefined;
  const node = claim.metadata.annotations[SELECTED_NODE];
  const provisioner = claim.metadata.annotations[SERVED_BY] ?? "";
  return node !== undefined && PROVISIONERS.includes(provisioner) ? { claim, provisioner, node } : undefined;
}

/** A volume that is smaller than its claim asks for by now. The API server lets no claim shrink. */
export interface Growth {
  readonly claim: Claim;
  readonly volume: string;
  readonly storage: string;
}

/** Whether an event says that a claim of ours wants to grow. */
export function growthOf(event: unknown): Growth | undefined {
  const { data: change } = eventSchema.safeParse(event);
  const { data: claim } = claimSchema.safeParse(change?.object);
  if (claim === undefined || change?.type === "DELETED") return undefined;
  const { volumeName: volume, resources } = claim.spec;
  const has = claim.status.capacity?.storage;
  const isOurs = PROVISIONERS.includes(claim.metadata.annotations[SERVED_BY] ?? "");
  const { storage } = resources.requests;
  return isOurs && volume !== undefined && has !== undefined && has !== storage
    ? { claim, volume, storage }
    : undefined;
}

interface VolumeSpec {
  readonly hostPath: { readonly path: string; readonly type: "Directory" };
  readonly [field: string]: unknown;
}

/** The volume for a claim: it stays in the zone of its first node, as a cloud's disk does. */
export function volumeFor(
  { claim: { metadata, spec }, provisioner }: Pick<Demand, "claim" | "provisioner">,
  zone: string,
  disks: string,
): Manifest & { readonly spec: VolumeSpec } {
  // The name follows from the claim: whoever asks twice gets the same volume.
  const name = `pvc-${metadata.uid}`;
  const annotations = { "pv.kubernetes.io/provisioned-by": provisioner };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, ...{ annotations } },
    spec: {
      capacity: { storage: spec.resources.requests.storage },
      accessModes: spec.accessModes,
      volumeMode: spec.volumeMode ?? "Filesystem",
      storageClassName: spec.storageClassName ?? "",
      persistentVolumeReclaimPolicy: "Retain",
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
      },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE_LABEL, operator: "In", values: [zone] }] }],
        },
      },
      // One folder for all real nodes of a zone, as one disk is attached to one after the other; simulated nodes mount nothing.
      hostPath: { path: `${disks}/${zone}/${name}`, type: "Directory" },
    },
  };
}
