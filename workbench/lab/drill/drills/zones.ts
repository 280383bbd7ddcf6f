import { evict } from "../../engines/pods";
import { livingPids, powerOff } from "../../real/node";
import type { NodeFolder } from "../../real/node-folder";
import { check, type Drill, same } from "../drill";
import { deleteEngine, trades } from "../looks";
import { nodeOf, pod, podName, pods, replaced, type Stage, until } from "../stage";
import { comeBack, fenceNode, isLost } from "./nodes";

export const twoZonesLost: Drill = {
  id: "R14",
  title: "two of three zones lose power, and the engine of the third is restarted",
  steps: [
    "SIGKILL to everything in two zones; their nodes are fenced",
    "the eviction of the third engine is refused; its pod is deleted",
    "the zones come back, the last one first",
  ],
  expectation:
    "no deadlock: the third engine comes back alone in its zone, the others wait for theirs and come back in any order",
  darkBound: ({ detection, start, lease }) => detection + 10 + 2 * (lease + start) + 30,
  async run(stage) {
    const before = await pods(stage);
    const zoneOf = (name: string | undefined): string => nodeOf(stage, name).request.zone;
    const first = before.findIndex(({ node }) => zoneOf(node) === stage.spec.zones[0]);
    const others = before.map((_, ordinal) => ordinal).filter((ordinal) => ordinal !== first);
    const lost = others.map((ordinal) => nodeOf(stage, before[ordinal]?.node));
    try {
      const living = await loseAll(stage, lost);
      const answer = await evict(stage.client, stage.spec.namespace, podName(stage, first));
      await deleteEngine(stage, first);
      const survivor = await replaced(stage, first, before[first]?.uid ?? "", 120);
      await trades(stage, first);
      const waiting = await Promise.all(others.map((ordinal) => pod(stage, ordinal)));
      const zones: string[] = [];
      for (const [index, node] of [...lost.entries()].reverse()) {
        const ordinal = others[index] ?? 0;
        await comeBack(stage, node);
        const back = await replaced(stage, ordinal, before[ordinal]?.uid ?? "", 120);
        await trades(stage, ordinal);
        zones.push(zoneOf(back.node));
      }
      return {
        touched: [0, 1, 2],
        facts: [
          same("processes that lived when the nodes were fenced", 0, living),
          same("an eviction of the third engine meanwhile", 429, answer),
          same("the third engine's zone", stage.spec.zones[0], zoneOf(survivor.node)),
          check(
            "the others wait without a node",
            waiting.every((seen) => seen !== undefined && seen.node === undefined),
            waiting,
          ),
          same(
            "zones in which the others came back",
            lost.map(({ request }) => request.zone).reverse(),
            zones,
          ),
        ],
      };
    } finally {
      for (const node of lost) await comeBack(stage, node);
    }
  },
};

async function loseAll(stage: Stage, nodes: readonly NodeFolder[]): Promise<number> {
  await Promise.all(nodes.map((node) => powerOff(node)));
  for (const node of nodes) {
    await until(
      `${node.request.name} counts as lost`,
      () => isLost(stage, node),
      Boolean,
      60 + stage.timers.detection,
    );
  }
  const living = nodes.flatMap((node) => livingPids(node)).length;
  await Promise.all(nodes.map((node) => fenceNode(stage, node)));
  return living;
}
