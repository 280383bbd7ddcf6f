import type { Claim } from "./volume";

/** What comes next for a claim that may ask for more than it has. */
export type GrowthStep =
  | { readonly kind: "none" }
  /** A kubelet grows the file system, once it has the disk. */
  | { readonly kind: "kubelet" }
  /** The disk itself: on AWS a call of ModifyVolume. */
  | { readonly kind: "disk"; readonly volume: string; readonly storage: string }
  /** The file system on it, by whoever plays the node's kubelet. */
  | { readonly kind: "file-system"; readonly storage: string };

const NONE: GrowthStep = { kind: "none" };

/**
 * The next step of a claim's growth, in the order of Kubernetes: first the disk, then the file system, by the kubelet of
 * the node that has it. A simulated node has no kubelet. The API server lets no claim shrink.
 */
export function growthStep(claim: Claim, node: "real" | "simulated" | undefined): GrowthStep {
  const { volumeName: volume, resources } = claim.spec;
  const { capacity, allocatedResources, allocatedResourceStatuses } = claim.status;
  const { storage } = resources.requests;
  const has = capacity["storage"];
  if (volume === undefined || has === undefined || has === storage) return NONE;
  const isPending = allocatedResourceStatuses["storage"]?.startsWith("NodeResize") === true;
  if (!isPending || allocatedResources["storage"] !== storage) return { kind: "disk", volume, storage };
  return node === "simulated" ? { kind: "file-system", storage } : { kind: "kubelet" };
}

/** Status of a claim whose disk has grown, and whose file system has not. */
export function waitingForNode(storage: string, now: Date): object {
  return {
    allocatedResources: { storage },
    allocatedResourceStatuses: { storage: "NodeResizePending" },
    conditions: [
      {
        type: "FileSystemResizePending",
        status: "True",
        lastTransitionTime: now.toISOString(),
        message: "Waiting for the node to resize the file system.",
      },
    ],
  };
}

/** Status of a claim that has what it asked for. */
export function grown(storage: string): object {
  return { capacity: { storage }, allocatedResourceStatuses: null, conditions: null };
}
