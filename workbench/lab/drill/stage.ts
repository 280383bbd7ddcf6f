import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { EngineSpec } from "../../../components/engine/spec";
import type { Exchange } from "../engines/exchange";
import type { PodView } from "../engines/pods";
import { podsOf } from "../engines/pods";
import type { KubeClient, Manifest } from "../kube-client";
import type { LabFolder } from "../paths";
import type { RealLab } from "../real/node";
import { type NodeFolder, nodeFolders } from "../real/node-folder";
import type { DrillTimers } from "./drill";
import type { Subject } from "./subject";

const viewSchema = z.object({
  pod: z.string(),
  phase: z.string(),
  positions: z.record(z.string(), z.number()),
  openOrders: z.array(z.string()),
});
export type EngineView = z.infer<typeof viewSchema>;

const podSchema = z.object({
  status: z.object({
    podIP: z.string().optional(),
    containerStatuses: z
      .array(
        z.object({
          containerID: z.string().optional(),
          restartCount: z.number(),
          lastState: z.object({ terminated: z.object({ exitCode: z.number() }).optional() }).optional(),
        }),
      )
      .default([]),
  }),
});

/** A lab with engines that trade, and what a drill may do to them. */
export interface Stage {
  readonly real: RealLab;
  readonly lab: LabFolder;
  readonly client: KubeClient;
  readonly exchange: Exchange;
  readonly subject: Subject;
  readonly spec: EngineSpec;
  readonly timers: DrillTimers;
  /** Manifests of the engine as they were applied. */
  readonly manifests: readonly Manifest[];
  say(line: string): void;
}

/** Engines somewhere: enough to look at them. */
export type Engines = Pick<Stage, "client" | "spec">;

/** The stage's engines, by name. */
export async function pods({ client, spec }: Engines): Promise<PodView[]> {
  return await podsOf(client, spec.namespace);
}

/** Name of an ordinal's pod. */
export function podName({ spec }: Pick<Stage, "spec">, ordinal: number): string {
  return `${spec.name}-${ordinal}`;
}

/** Name of an ordinal's claim. */
export function claimName(stage: Stage, ordinal: number): string {
  return `${stage.subject.claim}-${podName(stage, ordinal)}`;
}

/** One engine's pod, or undefined while there is none. */
export async function pod(stage: Engines, ordinal: number): Promise<PodView | undefined> {
  return (await pods(stage)).find(({ name }) => name === podName(stage, ordinal));
}

/** The real node of a name. */
export function nodeOf({ lab }: Pick<Stage, "lab">, name: string | undefined): NodeFolder {
  const node = nodeFolders(lab).find(({ request }) => request.name === name);
  if (node === undefined) throw new Error(`${name} is no real node of this lab`);
  return node;
}

/** What the kubelet says of an engine's container. */
export async function container(stage: Engines, ordinal: number) {
  const path = `/api/v1/namespaces/${stage.spec.namespace}/pods/${podName(stage, ordinal)}`;
  const { status } = podSchema.parse(await stage.client.get(path));
  const [first] = status.containerStatuses;
  return {
    address: status.podIP,
    id: first?.containerID?.replace("containerd://", ""),
    restarts: first?.restartCount ?? 0,
    lastExitCode: first?.lastState?.terminated?.exitCode,
  };
}

/** What an engine says of its own book. */
export async function engineView(stage: Engines, ordinal: number): Promise<EngineView> {
  const { address } = await container(stage, ordinal);
  const response = await fetch(`http://${address}:8080/positions`, { signal: AbortSignal.timeout(3000) });
  return viewSchema.parse(await response.json());
}

/** Waits until something holds; throws, with what was seen last, when it does not. */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
  seconds: number,
): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; ; ) {
    const seen = await look().catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    if (!(seen instanceof Error) && holds(seen)) return seen;
    if (Date.now() > deadline) {
      const last = seen instanceof Error ? seen.message : JSON.stringify(seen);
      throw new DrillFailure(`${what}: not within ${seconds} s; last seen: ${last}`);
    }
    await sleep(100);
  }
}

/** Something that a drill waited for did not come: the drill failed, its code did not. */
export class DrillFailure extends Error {
  override readonly name = "DrillFailure";
}

/** Waits until every engine is ready. */
export async function allReady(stage: Engines, seconds = 120): Promise<PodView[]> {
  const { length } = stage.spec.markets;
  return await until(
    "every engine ready",
    () => pods(stage),
    (seen) => seen.length === length && seen.every(({ ready }) => ready),
    seconds,
  );
}

/** Waits until an ordinal is ready in another pod than the one given. */
export async function replaced(
  stage: Engines,
  ordinal: number,
  uid: string,
  seconds: number,
): Promise<PodView> {
  const found = await until(
    `${podName(stage, ordinal)} ready in a new pod`,
    () => pod(stage, ordinal),
    (seen) => seen !== undefined && seen.uid !== uid && seen.ready,
    seconds,
  );
  if (found === undefined) throw new DrillFailure("there is no pod");
  return found;
}
