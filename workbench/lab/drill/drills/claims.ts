import { z } from "zod";
import { patch } from "../actions";
import { check, type Drill, same } from "../drill";
import { deleteEngine, halted, holdSomething, ordersAfter, trades } from "../looks";
import { claimName, engineView, nodeOf, pod, podName, type Stage, until } from "../stage";

const claimSchema = z.object({
  metadata: z.object({ uid: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.object({ volumeName: z.string().optional() }),
  status: z.object({ phase: z.string().optional() }),
});
const volumeSchema = z.object({ status: z.object({ phase: z.string() }) });

export const claimDeleted: Drill = {
  id: "R15",
  title: "the claim of a pending engine is deleted",
  steps: [
    "engine 1 holds a position; its node is cordoned and its pod deleted",
    "the claim of the pending pod is deleted; the StatefulSet makes another",
    "the node is uncordoned: the engine starts on an empty volume",
    "the old volume is freed of the old claim, the new claim and the pod are deleted",
  ],
  expectation:
    "on the empty log it halts, sends nothing, and says why; then the claim is bound to the old volume, and it trades with its log",
  notOnSeed: "its storage class deletes the volume with the claim: there is nothing to give back",
  darkBound: ({ start, lease }) => 2 * start + lease + 20,
  async run(stage) {
    const positions = await holdSomething(stage, 1);
    const node = (await pod(stage, 1))?.node;
    const { zone } = nodeOf(stage, node).request;
    const volume = await volumeOf(stage);
    let emptied: Awaited<ReturnType<typeof onEmptyVolume>>;
    let back: Awaited<ReturnType<typeof restored>>;
    try {
      emptied = await onEmptyVolume(stage, node);
    } finally {
      // Also after a failure: an engine on an empty volume stays halted for ever.
      back = await restored(stage, volume);
    }
    return {
      touched: [1],
      facts: [
        check("a fresh volume", emptied.volume !== volume && emptied.volume !== "", emptied.volume),
        same("the old volume then", "Released", emptied.oldPhase),
        same("its zone, held by the spread alone", zone, emptied.zone),
        check("/ready says that the log is empty", /log is empty/.test(emptied.why), emptied.why),
        same("orders on the empty log", 0, emptied.orders),
        same("the volume after the restore", volume, back.volume),
        same("its positions are those of the old log", positions, back.positions),
      ],
    };
  },
};

async function onEmptyVolume(stage: Stage, node: string | undefined) {
  const old = await volumeOf(stage);
  const cordon = (unschedulable: boolean) =>
    patch(stage, `/api/v1/nodes/${node}`, { spec: { unschedulable: unschedulable || null } });
  await cordon(true);
  try {
    await newPod(stage, () => deleteEngine(stage, 1));
    const { uid } = await claim(stage);
    await stage.client.send("DELETE", claimPath(stage));
    // A claim is protected by pods that have a node, and this one has none.
    await until(
      "another claim",
      () => claim(stage),
      (seen) => seen.uid !== uid,
      60,
    );
  } finally {
    await cordon(false);
  }
  const { now } = await stage.exchange.report();
  const why = await halted(stage, 1);
  return {
    why,
    orders: await ordersAfter(stage, 1, now),
    volume: await volumeOf(stage),
    oldPhase: await phaseOf(stage, old),
    zone: nodeOf(stage, (await pod(stage, 1))?.node).request.zone,
  };
}

/** The procedure of docs/operations.md. */
async function restored(stage: Stage, volume: string) {
  const other = await volumeOf(stage);
  if (other !== volume) {
    await patch(stage, volumePath(volume), { spec: { claimRef: { uid: null, resourceVersion: null } } });
    await newPod(stage, async () => {
      await stage.client.send("DELETE", claimPath(stage));
      await deleteEngine(stage, 1);
    });
  }
  await trades(stage, 1);
  const { positions } = await engineView(stage, 1);
  if (other !== volume && other !== "") await stage.client.send("DELETE", volumePath(other));
  return { volume: await volumeOf(stage), positions };
}

async function newPod(stage: Stage, work: () => Promise<void>): Promise<void> {
  const before = await pod(stage, 1);
  await work();
  await until(
    `${podName(stage, 1)} in a new pod`,
    () => pod(stage, 1),
    (seen) => seen !== undefined && seen.uid !== before?.uid,
    stage.spec.gracePeriodSeconds + 30,
  );
}

async function claim(stage: Stage): Promise<{ readonly uid: string; readonly volume: string }> {
  const { metadata, spec } = claimSchema.parse(await stage.client.get(claimPath(stage)));
  return { uid: metadata.uid, volume: spec.volumeName ?? "" };
}

async function volumeOf(stage: Stage): Promise<string> {
  return (await claim(stage)).volume;
}

async function phaseOf({ client }: Stage, volume: string): Promise<string> {
  return volumeSchema.parse(await client.get(volumePath(volume))).status.phase;
}

function claimPath(stage: Stage): string {
  return `/api/v1/namespaces/${stage.spec.namespace}/persistentvolumeclaims/${claimName(stage, 1)}`;
}

function volumePath(volume: string): string {
  return `/api/v1/persistentvolumes/${volume}`;
}
