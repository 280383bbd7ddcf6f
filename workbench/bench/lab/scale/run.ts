import { stackEngine } from "../../../lab/engines/spec";
import { KubeClient } from "../../../lab/kube-client";
import { accessOf } from "../../../lab/kubeconfig";
import { PROVISIONER, storageClass } from "../../../lab/nodes";
import { apiServer } from "../../../lab/settings";
import { stackPlan } from "../../../lab/stack-plan";
import { up } from "../../../lab/up";
import type { BenchContext } from "../context";
import { applyEngines, engineNumber, makeNodes, nodesPerZone, polled } from "./cluster";
import {
  arrivalsOf,
  ENGINES,
  ORDINALS,
  orderProblems,
  placementProblems,
  type RollOut,
  rollOutOf,
  STEP,
  type Step,
} from "./facts";
import { PodWatch } from "./pod-watch";

const STACK = "dev";
const STEP_SECONDS = 180;
const ROLL_SECONDS = 240;
/** Seconds that a pod must stay ready in the roll-out: fewer than the stack's ten, which would only be waited for. */
const MIN_READY = 1;

/** What the largest stack showed. */
export interface ScaleRun {
  readonly nodes: number;
  readonly steps: readonly Step[];
  /** Nothing, when every pod has a node of its own and every engine is spread evenly. */
  readonly placement: readonly string[];
  /** Nothing, when the roll-out went from the last ordinal to the first, one by one. */
  readonly order: readonly string[];
  readonly rollOut: RollOut;
}

/** Ten engines at a time, to a hundred of them; then a new template for one. */
export async function benchScale(context: BenchContext, engines = ENGINES): Promise<ScaleRun> {
  const { lab, say, signal } = context;
  const options = { command: "up", stack: STACK, timers: "slow", nodesPerZone: 0 } as const;
  const { settings } = await up(lab, options, { say, signal });
  const access = accessOf(lab, "admin", apiServer(settings));
  const client = new KubeClient(access);
  const watch = new PodWatch(access);
  try {
    const zones = stackPlan(STACK).zones.length;
    const zoneOf = await makeNodes(client, STACK, nodesPerZone(zones, engines));
    say(`scale: ${zoneOf.size} nodes in ${zones} zones are ready`);
    await client.create({
      ...storageClass(),
      metadata: { name: stackEngine(STACK).storageClass },
      ...{ provisioner: PROVISIONER },
    });
    const steps: Step[] = [];
    for (let first = 0; first < engines; first += STEP) {
      signal.throwIfAborted();
      const step = await grow(client, watch, first);
      steps.push(step);
      const each = (1000 * step.seconds) / step.pods;
      say(
        `scale: ${(first + STEP) * ORDINALS} pods are ready, ${each.toFixed(0)} ms for each of the last ${step.pods}`,
      );
    }
    const placements = Array.from({ length: engines }, (_, number) => {
      const { name, namespace } = engineNumber(STACK, number);
      return { engine: name, pods: watch.pods(namespace) };
    });
    const placement = placementProblems(placements, zoneOf, ORDINALS);
    say("scale: engine-0 gets a new template");
    const { order, rollOut } = await roll(client, watch);
    return { nodes: zoneOf.size, steps, placement, order, rollOut };
  } finally {
    await watch.close();
    client.close();
  }
}

async function grow(client: KubeClient, watch: PodWatch, first: number): Promise<Step> {
  const began = performance.now();
  const specs = Array.from({ length: STEP }, (_, index) => engineNumber(STACK, first + index));
  await applyEngines(client, specs);
  const wanted = (first + STEP) * ORDINALS;
  await polled(() => watch.pods().filter(({ ready }) => ready).length >= wanted, STEP_SECONDS);
  return { pods: STEP * ORDINALS, seconds: (performance.now() - began) / 1000 };
}

async function roll(client: KubeClient, watch: PodWatch): Promise<Pick<ScaleRun, "order" | "rollOut">> {
  const { name, namespace, markets } = engineNumber(STACK, 0);
  const old = new Set(watch.pods(namespace).map(({ uid }) => uid));
  const seen = watch.changes(namespace).length;
  const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}`;
  const spec = { minReadySeconds: MIN_READY, template: { metadata: { annotations: { roll: "1" } } } };
  await client.send("PATCH", path, { spec }, "application/merge-patch+json");
  await polled(() => {
    const pods = watch.pods(namespace);
    return pods.length === ORDINALS && pods.every(({ uid, ready }) => ready && !old.has(uid));
  }, ROLL_SECONDS);
  const arrivals = arrivalsOf(watch.changes(namespace).slice(seen), old);
  return { order: orderProblems(arrivals, ORDINALS), rollOut: rollOutOf(arrivals, markets) };
}
