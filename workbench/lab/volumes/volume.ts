import { createHash } from "node:crypto";
import { z } from "zod";
import { ZONE_LABEL } from "../../../components/contract";
import type { Manifest } from "../kube-client";
import { PROVISIONER } from "../nodes";

/** In the process's log once it has loaded: whoever started it waits for that. */
export const READY = "serving volumes";

const quantities = z.record(z.string(), z.string()).default({});

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
  status: z
    .object({
      capacity: quantities,
      allocatedResources: quantities,
      allocatedResourceStatuses: quantities,
    })
    .default({ capacity: {}, allocatedResources: {}, allocatedResourceStatuses: {} }),
});
export type Claim = z.infer<typeof claimSchema>;

/** Set by the scheduler on a claim that waits for its first consumer. */
const SELECTED_NODE = "volume.kubernetes.io/selected-node";
/** Set by the volume controller on a claim that somebody else has to serve. */
const SERVED_BY = "volume.kubernetes.io/storage-provisioner";

/** A claim that is served here, or undefined. */
export function claimOf(object: unknown): Claim | undefined {
  const { data: claim } = claimSchema.safeParse(object);
  return claim?.metadata.annotations[SERVED_BY] === PROVISIONER ? claim : undefined;
}

/** The node that the pod of a claim without a volume will run on; undefined when there is nothing to make. */
export function firstNodeOf({ metadata, spec }: Claim): string | undefined {
  return spec.volumeName === undefined ? metadata.annotations[SELECTED_NODE] : undefined;
}

interface VolumeSpec {
  readonly csi: { readonly driver: string; readonly volumeHandle: string };
  readonly [field: string]: unknown;
}

/** The volume for a claim: it stays in the zone of its first node, as a cloud's disk does. */
export function volumeFor({ metadata, spec }: Claim, zone: string): Manifest & { readonly spec: VolumeSpec } {
  // The name follows from the claim: whoever asks twice gets the same volume.
  const name = `pvc-${metadata.uid}`;
  const annotations = { "pv.kubernetes.io/provisioned-by": PROVISIONER };
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
      csi: { driver: PROVISIONER, volumeHandle: volumeHandle(metadata.uid) },
    },
  };
}

// In the form of an EBS volume's id.
function volumeHandle(uid: string): string {
  return `vol-0${createHash("sha256").update(uid).digest("hex").slice(0, 16)}`;
}

const volumeSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    csi: z.object({ volumeHandle: z.string() }),
    nodeAffinity: z.object({
      required: z.object({
        nodeSelectorTerms: z.tuple([
          z.object({ matchExpressions: z.tuple([z.object({ values: z.tuple([z.string()]) })]) }),
        ]),
      }),
    }),
  }),
});

/** A disk, as its volume describes it. */
export interface Disk {
  readonly volume: string;
  readonly handle: string;
  readonly zone: string;
}

/** The disk of a volume that was made here, or undefined. */
export function diskOf(volume: unknown): Disk | undefined {
  const { data } = volumeSchema.safeParse(volume);
  if (data === undefined) return undefined;
  const { csi, nodeAffinity } = data.spec;
  const [term] = nodeAffinity.required.nodeSelectorTerms;
  const [zone] = term.matchExpressions[0].values;
  return { volume: data.metadata.name, handle: csi.volumeHandle, zone };
}

/** Folder with the bytes of a disk: one for all real nodes of a zone, as one disk is attached to one after the other. */
export function folderOf({ zone, volume }: Pick<Disk, "zone" | "volume">, disks: string): string {
  return `${disks}/${zone}/${volume}`;
}

/** How the driver says what it does, in the words of the real one. */
export function csiDriver(): Manifest & { readonly spec: object } {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIDriver",
    metadata: { name: PROVISIONER },
    spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: "File" },
  };
}
