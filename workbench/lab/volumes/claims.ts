import { mkdirSync } from "node:fs";
import { messageOf } from "../../offline/errors";
import { ApiError, type KubeClient } from "../kube-client";
import type { Attacher } from "./attacher";
import type { Follower } from "./follow";
import { grown, growthStep, waitingForNode } from "./growth";
import { nodeFacts } from "./nodes";
import { type Claim, claimOf, diskOf, firstNodeOf, folderOf, volumeFor } from "./volume";

export const CLAIMS = "/api/v1/persistentvolumeclaims";

interface ClaimsOptions {
  readonly client: Pick<KubeClient, "send" | "create">;
  readonly attacher: Pick<Attacher, "nodeWith">;
  readonly disks: string;
  say(line: string): void;
}

/** Makes and grows the volumes of claims: what a driver's provisioner and resizer do. */
export class Claims implements Follower {
  readonly #options: ClaimsOptions;
  /** Claims with something left to do, by uid. */
  readonly #open = new Map<string, Claim>();
  #work: Promise<void> = Promise.resolve();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  all(objects: readonly unknown[]): void {
    this.#open.clear();
    for (const object of objects) this.changed(object);
  }

  changed(object: unknown): void {
    const claim = claimOf(object);
    if (claim === undefined) return;
    this.#open.set(claim.metadata.uid, claim);
    this.#enqueue(claim);
  }

  deleted(object: unknown): void {
    const claim = claimOf(object);
    if (claim !== undefined) this.#open.delete(claim.metadata.uid);
  }

  /** Looks at all that wait for something again: their disk may have been attached since. */
  look(): void {
    for (const claim of this.#open.values()) this.#enqueue(claim);
  }

  #enqueue(claim: Claim): void {
    const { uid } = claim.metadata;
    this.#work = this.#work
      .then(async () => {
        // A newer one is in the queue as well.
        if (this.#open.get(uid) !== claim) return;
        const isDone = await this.#serve(claim);
        // What was done here may have changed the claim, and the newer one is not served yet.
        if (isDone && this.#open.get(uid) === claim) this.#open.delete(uid);
      })
      .catch((error: unknown) => this.#options.say(`${claim.metadata.name}: ${messageOf(error)}`));
  }

  // Whether nothing is left to do until the claim changes.
  async #serve(claim: Claim): Promise<boolean> {
    const node = firstNodeOf(claim);
    if (node !== undefined) await this.#provision(claim, node);
    const step = growthStep(claim, await this.#nodeOf(claim));
    if (step.kind === "disk") await this.#growDisk(claim, step);
    if (step.kind === "file-system") await this.#setStatus(claim, grown(step.storage));
    return step.kind !== "kubelet";
  }

  async #nodeOf({ spec, status }: Claim): Promise<"real" | "simulated" | undefined> {
    if (spec.resources.requests.storage === status.capacity["storage"]) return undefined;
    const node = this.#options.attacher.nodeWith(spec.volumeName ?? "");
    return node === undefined ? undefined : (await nodeFacts(this.#options.client, node))?.kind;
  }

  async #provision(claim: Claim, node: string): Promise<void> {
    const { client, disks, say } = this.#options;
    const zone = (await nodeFacts(client, node))?.zone;
    if (zone === undefined) throw new Error(`${node} has no zone: no volume for ${claim.metadata.name}`);
    const volume = volumeFor(claim, zone);
    const disk = diskOf(volume);
    // Empty and root's, as a new file system: the kubelet gives it to the pod's group.
    if (disk !== undefined) mkdirSync(folderOf(disk, disks), { recursive: true });
    // Not made again when the claim is seen twice before it is bound.
    if (await client.create(volume)) {
      say(`${claim.metadata.namespace}/${claim.metadata.name}: volume in ${zone}`);
    }
  }

  async #growDisk(
    claim: Claim,
    { volume, storage }: { readonly volume: string; readonly storage: string },
  ): Promise<void> {
    await this.#patch(`/api/v1/persistentvolumes/${volume}`, { spec: { capacity: { storage } } });
    await this.#setStatus(claim, waitingForNode(storage, new Date()));
    this.#options.say(`${claim.metadata.namespace}/${claim.metadata.name}: ${volume} has ${storage}`);
  }

  async #setStatus({ metadata }: Claim, status: object): Promise<void> {
    const { namespace, name } = metadata;
    const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}/status`;
    await this.#patch(path, { status });
  }

  async #patch(path: string, body: object): Promise<void> {
    const answer = await this.#options.client.send("PATCH", path, body, "application/merge-patch+json");
    if (answer.status > 299) throw new ApiError(path, answer);
  }
}
