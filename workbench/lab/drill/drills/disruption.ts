import { evict, type PodView } from "../../engines/pods";
import { enginePid, gone, patch, statefulSetPath } from "../actions";
import { check, type Drill, same } from "../drill";
import { allReady, pod, podName, pods, replaced, type Stage, until } from "../stage";

/** Evicts an engine, waits for its successor, and says how many orders were open when the old process was gone. */
export async function evictAndWait(
  stage: Stage,
  ordinal: number,
): Promise<{ readonly answer: number; readonly openAtExit: number; readonly pod: PodView }> {
  const before = await pod(stage, ordinal);
  const pid = enginePid(stage, before?.node, ordinal);
  const answer = await evict(stage.client, stage.spec.namespace, podName(stage, ordinal));
  await gone(pid, "the old process gone", stage.spec.gracePeriodSeconds + 10);
  const { accounts } = await stage.exchange.report();
  const openAtExit = accounts[podName(stage, ordinal)]?.open.length ?? 0;
  return { answer, openAtExit, pod: await replaced(stage, ordinal, before?.uid ?? "", 120) };
}

export const evictTwo: Drill = {
  id: "R5",
  title: "two engines evicted at once",
  steps: ["evict engine 0", "evict engine 1 while 0 is not ready", "evict engine 1 again once 0 is ready"],
  expectation: "the first is allowed, the second refused (429) until the first is ready again",
  seedNote:
    "Its budget stands in another namespace than its pods, and so protects none: two markets dark at once.",
  darkBound: ({ start }) => start + 10,
  async run(stage) {
    const { namespace } = stage.spec;
    const before = await pod(stage, 0);
    const first = await evict(stage.client, namespace, podName(stage, 0));
    const second = await evict(stage.client, namespace, podName(stage, 1));
    await replaced(stage, 0, before?.uid ?? "", 120);
    await allReady(stage);
    const again = await until(
      "the budget allows engine 1",
      () => evictAndWaitOnce(stage),
      (answer) => answer === 201,
      60,
    );
    await allReady(stage);
    return {
      touched: [0, 1],
      facts: [same("first", 201, first), same("second", 429, second), same("after the first", 201, again)],
    };
  },
};

async function evictAndWaitOnce(stage: Stage): Promise<number> {
  const before = await pod(stage, 1);
  const answer = await evict(stage.client, stage.spec.namespace, podName(stage, 1));
  if (answer === 201) await replaced(stage, 1, before?.uid ?? "", 120);
  return answer;
}

export const drainAll: Drill = {
  id: "drain-all",
  title: "every node drained in turn, under load",
  steps: ["for each engine: evict it, wait until its successor is ready, go on"],
  expectation: "one market dark at a time; no order open when a process leaves",
  seedNote:
    "Its preStop hook fails at once, for the image has no shell: it is the engine's own answer to SIGTERM that drains. One at a time because the drill waits, not because a budget says so.",
  darkBound: ({ start }) => start + 10,
  async run(stage) {
    const facts = [];
    for (const ordinal of stage.spec.markets.keys()) {
      const { openAtExit, answer } = await until(
        `engine ${ordinal} evicted`,
        () => evictAndWait(stage, ordinal),
        (seen) => seen.answer === 201,
        60,
      );
      facts.push(
        same(`eviction of ${ordinal}`, 201, answer),
        same(`orders that ${ordinal} left open`, 0, openAtExit),
      );
      await allReady(stage);
    }
    return { touched: [0, 1, 2], facts };
  },
};

export const partitionCanary: Drill = {
  id: "R9",
  title: "a partition holds a roll-out at the last ordinal",
  steps: [
    "partition 2 and a changed template",
    "wait",
    "delete pod 0",
    "partition 0",
    "the first template again",
  ],
  expectation:
    "only engine 2 gets the new template; a pod that is deleted meanwhile comes back with the old one",
  darkBound: ({ start }) => start + 15,
  async run(stage) {
    const path = statefulSetPath(stage);
    const before = await pods(stage);
    await patch(stage, path, {
      spec: {
        updateStrategy: { rollingUpdate: { partition: 2 } },
        template: { metadata: { annotations: { canary: "1" } } },
      },
    });
    await replaced(stage, 2, before[2]?.uid ?? "", 120);
    await stage.client.send("DELETE", `/api/v1/namespaces/${stage.spec.namespace}/pods/${podName(stage, 0)}`);
    await replaced(stage, 0, before[0]?.uid ?? "", 120);
    const revisions = await revisionsOf(stage);
    const middle = await pod(stage, 1);
    await patch(stage, path, {
      spec: {
        updateStrategy: { rollingUpdate: { partition: 0 } },
        template: { metadata: { annotations: { canary: null } } },
      },
    });
    await until(
      "engine 2 with the first template",
      async () => new Set(await revisionsOf(stage)),
      (seen) => seen.size === 1,
      120,
    );
    await allReady(stage);
    return {
      touched: [0, 1, 2],
      facts: [
        check(
          "engine 2 alone has the new template",
          revisions[0] === revisions[1] && revisions[2] !== revisions[0],
          revisions,
        ),
        same("engine 1's pod", before[1]?.uid, middle?.uid),
      ],
    };
  },
};

async function revisionsOf({ client, spec }: Stage): Promise<string[]> {
  const list = JSON.stringify(await client.get(`/api/v1/namespaces/${spec.namespace}/pods`));
  const found = [
    ...list.matchAll(
      /"controller-revision-hash":"([^"]+)"[^}]*"statefulset.kubernetes.io\/pod-name":"([^"]+)"/g,
    ),
  ];
  return found.sort((a, b) => (a[2] ?? "").localeCompare(b[2] ?? "")).map(([, hash]) => hash ?? "");
}

export const badImage: Drill = {
  id: "R8",
  title: "a roll-out of an image that does not exist, and back",
  steps: ["an unknown digest in the template", "engine 2 cannot start", "the first image again"],
  expectation: "engines 0 and 1 are never touched; with the old image engine 2 recovers without a hand",
  darkBound: ({ start }) => 20 + start + 15,
  async run(stage) {
    const before = await pods(stage);
    const image = (reference: string) =>
      patch(
        stage,
        statefulSetPath(stage),
        { spec: { template: { spec: { containers: [{ name: "engine", image: reference }] } } } },
        "application/strategic-merge-patch+json",
      );
    await image(stage.spec.image.replace(/[0-9a-f]{64}$/, "0".repeat(64)));
    await until(
      "engine 2 in a new pod that is not ready",
      () => pod(stage, 2),
      (seen) => seen !== undefined && seen.uid !== before[2]?.uid && !seen.ready && seen.node !== undefined,
      90,
    );
    const others = await pods(stage);
    await image(stage.spec.image);
    await allReady(stage, 120);
    const after = await pods(stage);
    return {
      touched: [2],
      facts: [
        same("engine 0's pod", before[0]?.uid, after[0]?.uid),
        same("engine 1's pod", before[1]?.uid, after[1]?.uid),
        check(
          "the others were ready meanwhile",
          others[0]?.ready === true && others[1]?.ready === true,
          others,
        ),
      ],
    };
  },
};
