import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../offline/errors";
import type { Cluster } from "./cluster";
import type { InstanceState, Instances } from "./instances";
import {
  changeTaints,
  type EnginePod,
  enginePods,
  type NodeView,
  readNode,
  withOutOfService,
  withoutOutOfService,
} from "./node";

export interface FenceOptions {
  readonly cluster: Cluster;
  readonly instances: Instances;
  readonly say: (line: string) => void;
  /** Whether a running instance may be stopped. @default false: it is refused */
  readonly stop?: boolean;
  /** Says what would be done, and changes nothing. @default false */
  readonly dryRun?: boolean;
  /** Seconds until an instance must be stopped, and until the engines must be ready elsewhere. */
  readonly timeoutSeconds: number;
  /** Seconds in which an engine that lives would renew its lease. @default 3, above the engine contract's 2 */
  readonly listenSeconds?: number;
}

// A second between two looks; less where there is less than that to wait for.
const pollMilliseconds = (timeoutSeconds: number): number => Math.min(1000, timeoutSeconds * 100);

/**
 * Proves that a node's instance executes nothing any more, and only then tells Kubernetes so: its engines start
 * elsewhere, with their volumes. Whatever is not proven is refused.
 * @throws UserError with what was seen and what to do; then nothing was tainted
 */
export async function fence(name: string, options: FenceOptions): Promise<readonly EnginePod[]> {
  const { cluster, instances, say, dryRun = false } = options;
  const node = await readNode(cluster, name);
  if (node.ready && options.stop !== true) {
    throw new UserError(
      `node ${name} is Ready: it is drained, not fenced (kubectl drain). If it must die all the same, use --stop.`,
    );
  }
  const instance = instances.idOf(node.providerId);
  if ("why" in instance) throw new UserError(`nothing proves that node ${name} is dead: ${instance.why}.`);
  const proof = await stopped(instance.id, node, options);
  say(`${instance.id} is ${proof}: it executes nothing`);
  const requireSame = (now: NodeView): void => {
    if (now.uid === node.uid && now.providerId === node.providerId) return;
    throw new UserError(
      `node ${name} was made again while its instance was being proven dead: look at the new one.`,
    );
  };
  const again = await readNode(cluster, name);
  requireSame(again);
  const engines = await silentEngines(again, options);
  if (dryRun) {
    say(`would taint ${name} and move ${words(engines)}; nothing was changed`);
    return engines;
  }
  await changeTaints(cluster, again, withOutOfService, requireSame);
  say(`${name} is out of service`);
  for (const { namespace, name: pod } of engines) await cluster.forceDelete(namespace, pod);
  say(engines.length === 0 ? "no engine was on it" : `${words(engines)} may start elsewhere`);
  return engines;
}

/** Waits until engines that were moved are ready in new pods; returns those that are not. */
export async function moved(
  engines: readonly EnginePod[],
  { cluster, say, timeoutSeconds }: Pick<FenceOptions, "cluster" | "say" | "timeoutSeconds">,
): Promise<readonly EnginePod[]> {
  let missing = engines;
  for (const deadline = Date.now() + timeoutSeconds * 1000; missing.length > 0 && Date.now() < deadline; ) {
    await sleep(pollMilliseconds(timeoutSeconds));
    const now = await enginePods(cluster);
    const arrived = missing.filter(({ namespace, name, uid }) =>
      now.some((pod) => pod.namespace === namespace && pod.name === name && pod.uid !== uid && pod.ready),
    );
    for (const { name } of arrived) {
      say(`${name} is ready on ${now.find((pod) => pod.name === name)?.node ?? "another node"}`);
    }
    missing = missing.filter((engine) => !arrived.includes(engine));
  }
  return missing;
}

/** Takes a node back that came up again. Refuses one that is not Ready, or that was never fenced. */
export async function giveBack(name: string, { cluster, say, dryRun = false }: FenceOptions): Promise<void> {
  const node = await readNode(cluster, name);
  const taints = withoutOutOfService(node.taints);
  if (taints.length === node.taints.length) throw new UserError(`node ${name} is not out of service.`);
  if (!node.ready) throw new UserError(`node ${name} is not Ready: start its instance, and wait for it.`);
  if (dryRun) return say(`would take ${name} back; nothing was changed`);
  await changeTaints(cluster, node, withoutOutOfService);
  say(`${name} takes engines again`);
}

async function stopped(id: string, node: NodeView, options: FenceOptions): Promise<string> {
  const { instances, say, stop = false, dryRun = false, timeoutSeconds } = options;
  let state = await instances.describe(id);
  if (state.kind === "running" && state.state === "running") {
    if (!stop) {
      throw new UserError(
        `node ${node.name} is silent, but its instance ${id} runs: an engine on it may trade. Use --stop to stop the instance first.`,
      );
    }
    if (dryRun) throw new UserError(`would stop ${id}, which runs; nothing was changed.`);
    say(`stopping ${id}, without a drain`);
    await instances.stop(id);
    state = await instances.describe(id);
  }
  for (const deadline = Date.now() + timeoutSeconds * 1000; state.kind !== "stopped"; ) {
    if (Date.now() > deadline) {
      throw new UserError(
        `${id} was not proven to be stopped within ${timeoutSeconds} s (${inWords(state)}). Nothing was tainted: an engine on it may trade.`,
      );
    }
    say(`${id}: ${inWords(state)}`);
    await sleep(pollMilliseconds(timeoutSeconds));
    state = await instances.describe(id);
  }
  return state.state;
}

// The instance's owner may be wrong, or the Node may name another instance: a lease that is renewed is a process that lives.
async function silentEngines(
  node: NodeView,
  { cluster, listenSeconds = 3 }: FenceOptions,
): Promise<EnginePod[]> {
  const before = (await enginePods(cluster)).filter((pod) => pod.node === node.name);
  if (before.length === 0) return before;
  await sleep(listenSeconds * 1000);
  const after = await enginePods(cluster);
  const alive = before.find(({ namespace, name, leaseVersion }) =>
    after.some(
      (pod) => pod.namespace === namespace && pod.name === name && pod.leaseVersion !== leaseVersion,
    ),
  );
  if (alive !== undefined) {
    throw new UserError(
      `${alive.name} on node ${node.name} renewed its lease after its instance was said to be stopped: something lives there. Nothing was tainted.`,
    );
  }
  return before;
}

function inWords(state: InstanceState): string {
  return state.kind === "unknown" ? `its state is unknown: ${state.why}` : `it is ${state.state}`;
}

function words(engines: readonly EnginePod[]): string {
  return engines.length === 0 ? "no engine" : engines.map(({ name }) => name).join(", ");
}
