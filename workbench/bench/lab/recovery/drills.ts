import { enginePid, isAlive, patch, statefulSetPath } from "../../../lab/drill/actions";
import { type Drill, same } from "../../../lab/drill/drill";
import { allReady, pod, podName, pods, type Stage, until } from "../../../lab/drill/stage";
import { evict, type PodView } from "../../../lab/engines/pods";

/** A drain in seconds. */
export interface DrainTimes {
  /** From the eviction until the old process is gone: its own shutdown. */
  readonly drain: number;
  /** From the new pod's creation until it is ready: its own start-up. */
  readonly start: number;
  /** From the eviction until the new pod is ready. */
  readonly ready: number;
}

/** One engine is drained; whoever measures is told how long each step took. */
export function drainOnce(record: (times: DrainTimes) => void): Drill {
  return {
    id: "drain",
    title: "an engine is evicted, as a drain of its node does",
    steps: ["evict engine 0", "wait until its successor is ready"],
    expectation: "no more time than the engine's own shutdown and start-up need",
    darkBound: ({ start }) => start + 10,
    async run(stage) {
      const before = await pod(stage, 0);
      const pid = enginePid(stage, before?.node, 0);
      const { namespace, gracePeriodSeconds } = stage.spec;
      const began = performance.now();
      const since = (): number => (performance.now() - began) / 1000;
      const answer = await evict(stage.client, namespace, podName(stage, 0));
      const patience = gracePeriodSeconds + 60;
      await until(
        "the old process gone",
        async () => isAlive(pid),
        (alive) => !alive,
        patience,
      );
      const drain = since();
      const isNew = (seen: PodView | undefined): boolean => seen !== undefined && seen.uid !== before?.uid;
      await until("a new pod", () => pod(stage, 0), isNew, patience);
      const made = since();
      await until(
        "it is ready",
        () => pod(stage, 0),
        (seen) => isNew(seen) && seen?.ready === true,
        120,
      );
      const ready = since();
      record({ drain, start: ready - made, ready });
      return { touched: [0], facts: [same("the eviction", 201, answer)] };
    },
  };
}

/** A new template for every engine of a subject. */
export function rollOut(record: (seconds: number) => void): Drill {
  return {
    id: "roll-out",
    title: "a new template for all engines",
    steps: ["an annotation of the template is changed", "wait until every engine is ready in a new pod"],
    expectation: "one market dark at a time",
    darkBound: ({ start }) => start + 15,
    async run(stage) {
      const old = new Set((await pods(stage)).map(({ uid }) => uid));
      const began = performance.now();
      await patch(stage, statefulSetPath(stage), {
        spec: { template: { metadata: { annotations: { roll: "1" } } } },
      });
      await until(
        "every engine in a new pod",
        () => pods(stage),
        (seen) =>
          seen.length === stage.spec.markets.length && seen.every(({ uid, ready }) => ready && !old.has(uid)),
        rollSeconds(stage),
      );
      await allReady(stage);
      record((performance.now() - began) / 1000);
      return {
        touched: [...stage.spec.markets.keys()],
        facts: [same("pods", stage.spec.markets.length, old.size)],
      };
    },
  };
}

function rollSeconds({ spec }: Stage): number {
  return spec.markets.length * (spec.gracePeriodSeconds + 60);
}
