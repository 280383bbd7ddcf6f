import { ZONE_LABEL } from "../../../../components/contract";
import type { EngineSpec } from "../../../../components/engine/spec";
import { nodeReport } from "../../../lab/cluster";
import { engineManifests } from "../../../lab/engines/manifests";
import { stackEngine } from "../../../lab/engines/spec";
import type { KubeClient, Manifest } from "../../../lab/kube-client";
import { nodeManifests } from "../../../lab/nodes";
import { type StackPlan, stackPlan } from "../../../lab/stack-plan";
import { ENGINES, ORDINALS } from "./facts";

/** Requests that are under way at once: more make the API server no faster on two CPUs. */
const WIDTH = 16;

const READY_SECONDS = 180;
const NODES_MILLISECONDS = 2000;

/** Nodes of each zone that a config of so many engines must plan: an engine's ordinals are spread evenly, and none shares. */
export function nodesPerZone(zones: number, engines = ENGINES, ordinals = ORDINALS): number {
  return engines * Math.ceil(ordinals / zones);
}

/**
 * The nodes' plan with what the add-ons request taken off: a pod of each on every node would double the pods, and say
 * nothing of engines.
 */
export function withoutAddons(stack: StackPlan): StackPlan {
  const { plan } = stack;
  return {
    ...stack,
    plan: {
      ...plan,
      allocatableMillicpu: plan.allocatableMillicpu - plan.addonMillicpu,
      allocatableMebibytes: plan.allocatableMebibytes - plan.addonMebibytes,
      addonMillicpu: 0,
      addonMebibytes: 0,
    },
  };
}

/** Makes the trading nodes, waits until all are ready, and says in which zone each is. */
export async function makeNodes(
  client: KubeClient,
  stack: string,
  perZone: number,
): Promise<Map<string, string>> {
  await client.send("DELETE", "/apis/apps/v1/namespaces/kube-system/daemonsets/addon-requests");
  const plan = withoutAddons({ ...stackPlan(stack), nodesPerZone: perZone });
  const nodes = nodeManifests(plan).filter(({ metadata }) => metadata.name !== "system-0");
  await inParallel(nodes, (node) => client.create(node));
  const zones = nodes.map(({ metadata }) => [metadata.name, metadata.labels[ZONE_LABEL] ?? ""] as const);
  // The list is megabytes: asked for all the time, it would be most of the API server's work.
  const all = async (): Promise<boolean> => (await nodeReport(client)).ready.length >= nodes.length;
  await polled(all, READY_SECONDS, NODES_MILLISECONDS);
  return new Map(zones);
}

/** One of many engines: the stack's own, under a name, in a namespace and with markets of its own. */
export function engineNumber(stack: string, number: number, ordinals = ORDINALS): EngineSpec {
  const name = `engine-${number}`;
  const markets = Array.from({ length: ordinals }, (_, ordinal) => [`M${number}X${ordinal}`]);
  return { ...stackEngine(stack), name, namespace: name, markets };
}

/** Applies many engines at once, each in its own order. */
export async function applyEngines(client: KubeClient, specs: readonly EngineSpec[]): Promise<void> {
  await inParallel(specs, (spec) => applyAll(client, engineManifests(spec)));
}

export async function applyAll(client: KubeClient, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) await client.apply(manifest);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

/** Waits until something holds; throws after so many seconds. */
export async function polled(
  holds: () => Promise<boolean> | boolean,
  seconds: number,
  milliseconds = 100,
): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; !(await holds()); ) {
    if (Date.now() > deadline) throw new Error(`nothing came of it within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}
