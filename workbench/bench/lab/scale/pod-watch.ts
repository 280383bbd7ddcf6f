import { z } from "zod";
import { KubeClient } from "../../../lab/kube-client";
import type { Access } from "../../../lab/kubeconfig";
import { messageOf } from "../../../offline/errors";

const eventSchema = z.object({
  type: z.enum(["ADDED", "MODIFIED", "DELETED"]),
  object: z.object({
    metadata: z.object({
      name: z.string(),
      namespace: z.string(),
      uid: z.string(),
      deletionTimestamp: z.string().optional(),
    }),
    spec: z.object({ nodeName: z.string().optional() }),
    status: z.object({
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    }),
  }),
});

/** A pod as it was last heard of, and when that changed, in milliseconds of this process's clock. */
export interface WatchedPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly node: string | undefined;
  readonly ready: boolean;
  /** Since when it is ready, or is not. */
  readonly since: number;
}

/** Follows all pods of a cluster by one watch: thousands of them are too many to ask for again and again. */
export class PodWatch {
  readonly #client: KubeClient;
  readonly #pods = new Map<string, WatchedPod>();
  readonly #history: WatchedPod[] = [];
  readonly #done: Promise<void>;
  #closed = false;
  #failure: string | undefined;

  constructor(access: Access) {
    this.#client = new KubeClient(access);
    this.#done = this.#follow();
  }

  /** Pods that are there, of all namespaces or of one. */
  pods(namespace?: string): WatchedPod[] {
    if (this.#failure !== undefined) throw new Error(`the watch of the pods ended: ${this.#failure}`);
    const all = [...this.#pods.values()];
    return namespace === undefined ? all : all.filter((pod) => pod.namespace === namespace);
  }

  /** Every change of a namespace's pods, in the order in which they came. */
  changes(namespace: string): WatchedPod[] {
    return this.#history.filter((pod) => pod.namespace === namespace);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#client.close();
    await this.#done;
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#client.watch("/api/v1/pods")) this.#take(event);
      if (!this.#closed) this.#failure = "the API server ended it";
    } catch (error) {
      if (!this.#closed) this.#failure = messageOf(error);
    }
  }

  #take(event: unknown): void {
    const { data } = eventSchema.safeParse(event);
    if (data === undefined) return;
    const { metadata, spec, status } = data.object;
    const { name, namespace, uid } = metadata;
    const key = `${namespace}/${name}`;
    const ready =
      data.type !== "DELETED" &&
      metadata.deletionTimestamp === undefined &&
      status.conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
    const before = this.#pods.get(key);
    const isSame = before?.uid === uid && before.ready === ready;
    const pod = {
      ...{ name, namespace, uid, ready, node: spec.nodeName },
      since: isSame ? before.since : performance.now(),
    };
    if (data.type !== "DELETED") this.#pods.set(key, pod);
    else if (before?.uid === uid) this.#pods.delete(key);
    if (!isSame) this.#history.push(pod);
  }
}
