import { setTimeout as sleep } from "node:timers/promises";
import { darknesses, overlapSeconds } from "../dark";
import { check, type Drill, same } from "../drill";
import { trading } from "../prepare";
import type { StackChange } from "../stack-change";
import { startUp } from "../stack-command";
import { PULUMI, type StackStage, said, UP_FLAGS } from "../stack-stage";
import { allReady, pod, pods, until } from "../stage";

/** Seconds without an order after which an engine counts as dark: it sends one every two. */
const QUIET = 3;
/** Instead of what the stack allows three engines whose nodes are lost: about half an hour. */
const SHORT_AWAIT = 20;
/** Lists to add, one after the other; more than three engines need a second node in each zone. */
const MORE = [["XRPUSDT"], ["LTCUSDT"], ["ADAUSDT"]] as const;

export const versionUpgrade: Drill<StackStage> = {
  id: "R23",
  title: "a new AMI release of the engines' nodes, through the stack",
  steps: ["another releaseVersion", "up: zone after zone a new node, the old one drained within the budget"],
  expectation:
    "one engine dark at a time; every engine on a new node with its own claim; no PodEvictionFailure",
  darkBound: ({ start }) => start + 10,
  async run(stage) {
    const { exchange, spec } = stage;
    const before = { pods: await pods(stage), nodes: await stage.nodes() };
    const { now: from } = await exchange.report();
    const { result: rolled, mostAway } = await watchingPods(stage, async () => {
      const result = await stage.up(stage.kept({ release: stage.otherRelease() }));
      await trading(stage);
      return result;
    });
    // Until each has sent an order, or the last one would count as dark.
    await sleep(2000);
    const report = await exchange.report();
    const dark = spec.markets.map((list) =>
      darknesses(report, list, { from, to: report.now, seconds: QUIET }),
    );
    const after = { pods: await pods(stage), nodes: await stage.nodes() };
    const kept = after.nodes.filter((name) => before.nodes.includes(name));
    const claims = (all: typeof before.pods) => all.map(({ name, claim }) => `${name} ${claim}`);
    return {
      touched: [...spec.markets.keys()],
      facts: [
        same("seconds in which two engines were dark", 0, overlapSeconds(dark)),
        same("most engines that were not ready at once", 1, mostAway),
        same("old nodes that are left", 0, kept.length),
        same("nodes", before.nodes.length, after.nodes.length),
        same("claims", claims(before.pods), claims(after.pods)),
        check("no eviction failed", !said(rolled).includes("PodEvictionFailure"), said(rolled)),
      ],
    };
  },
};

/** Does something, and counts how many engines were not ready at once meanwhile. */
async function watchingPods<Result>(
  stage: StackStage,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly mostAway: number }> {
  const { length } = stage.spec.markets;
  let mostAway = 0;
  const looking = setInterval(() => {
    // A look that fails has seen nothing; the next one comes soon.
    void pods(stage).then(
      (seen) => {
        mostAway = Math.max(mostAway, length - seen.filter(({ ready }) => ready).length);
      },
      () => {},
    );
  }, 200);
  try {
    const result = await work();
    return { result, mostAway };
  } finally {
    clearInterval(looking);
  }
}

export const badImageUp: Drill<StackStage> = {
  id: "bad-image-up",
  title: "an image that does not exist, rolled out and back through the stack",
  steps: [
    `an unknown digest: up, which is given ${SHORT_AWAIT} s instead of half an hour`,
    "it fails",
    "the stack file's image again: up",
  ],
  expectation:
    "the update fails in time and says which pod waits for what; engines 0 and 1 are never touched; engine 2 recovers without a hand",
  darkBound: ({ start }) => SHORT_AWAIT + PULUMI + start + 15,
  async run(stage) {
    const before = await pods(stage);
    const image = stage.spec.image.replace(/[0-9a-f]{64}$/, "0".repeat(64));
    const failed = await stage.tryUp(stage.changed({ image }), [
      {
        file: "components/trading-engine.ts",
        find: "awaitSeconds(spec)}s",
        replace: `Math.min(${SHORT_AWAIT}, awaitSeconds(spec))}s`,
      },
    ]);
    const meanwhile = await pods(stage);
    await stage.up(stage.changed());
    const after = await allReady(stage);
    const text = said(failed);
    return {
      touched: [2],
      facts: [
        check("the update fails", failed.exitCode !== 0, text),
        check("it says after what time", text.includes(`after ${SHORT_AWAIT} s`), text),
        check(
          "it names the pod and what it waits for",
          /trading-engine-2: (ErrImagePull|ImagePullBackOff)/.test(text),
          text,
        ),
        same(
          "the pods of engines 0 and 1",
          before.slice(0, 2).map(({ uid }) => uid),
          after.slice(0, 2).map(({ uid }) => uid),
        ),
        check(
          "they were ready meanwhile",
          meanwhile.slice(0, 2).every(({ ready }) => ready),
          meanwhile,
        ),
      ],
    };
  },
};

export const marketAddedUp: Drill<StackStage> = {
  id: "market-added-up",
  title: "a fourth market list, and nodes for it, through the stack",
  steps: ["a fourth list and enginesPerZone: 2", "up: three nodes, one pod", "engine 3 trades"],
  expectation: "no other pod is touched; the map is changed in place and never absent",
  darkBound: () => 0,
  async run(stage) {
    const before = {
      pods: await pods(stage),
      set: await stage.uidOf("statefulset"),
      map: await stage.uidOf("map"),
    };
    const looks = { all: 0, absent: 0 };
    const looking = setInterval(() => {
      void stage.uidOf("map").then(
        () => {
          looks.all += 1;
        },
        () => {
          looks.absent += 1;
        },
      );
    }, 100);
    const change = stage.kept(oneMore(stage));
    try {
      await stage.up(change);
    } finally {
      clearInterval(looking);
    }
    await trading(stage);
    const after = {
      pods: await pods(stage),
      set: await stage.uidOf("statefulset"),
      map: await stage.uidOf("map"),
    };
    return {
      touched: [],
      facts: [
        same(
          "the pods that there were",
          before.pods.map(({ uid }) => uid),
          after.pods.slice(0, before.pods.length).map(({ uid }) => uid),
        ),
        same("engines", before.pods.length + 1, after.pods.length),
        same("the StatefulSet", before.set, after.set),
        same("the map", before.map, after.map),
        same("looks at which the map was absent", 0, looks.absent),
        check("it was looked at", looks.all > 20, looks),
      ],
    };
  },
};

function oneMore({ spec: { markets } }: StackStage): StackChange {
  const added = MORE.find(([market]) => !markets.flat().includes(market));
  if (added === undefined) throw new Error("there is no market left to add");
  return { markets: [...markets, added], enginesPerZone: 2 };
}

export const killedUp: Drill<StackStage> = {
  id: "R24",
  title: "the Pulumi run is killed in the middle of an update, while a second one wants to begin",
  steps: [
    "one market list more, and nodes for it if need be: up",
    "a second up while the new engine is awaited",
    "SIGKILL to the whole process group of the first",
    "up, cancel, refresh, up",
  ],
  expectation:
    "the lock refuses the second run and the first one after the kill, in words; then they converge: nothing is replaced, no pod is touched",
  darkBound: () => 0,
  async run(stage) {
    const { spec, engine } = stage;
    const before = { pods: await pods(stage), set: await stage.uidOf("statefulset") };
    const change = stage.kept(oneMore(stage));
    // As on AWS, where nobody takes a lock away because it looks old.
    const edits = { ...stage.edits(change), respectLocks: true };
    const running = startUp(stage.lab, edits, UP_FLAGS);
    let second: string;
    try {
      await until(
        `engine ${spec.markets.length} is started`,
        () => pod(stage, spec.markets.length),
        (seen) => seen !== undefined || running.ended(),
        120,
      );
      engine.edit(edits);
      second = said(await engine.up(UP_FLAGS));
    } finally {
      await running.kill();
    }
    const pending = JSON.stringify(engine.state()).includes('"pending_operations":[{');
    const after = said(await engine.up(UP_FLAGS));
    const cancelled = await engine.cancel();
    const refreshed = await engine.refresh();
    const again = await stage.up(change);
    await trading(stage);
    const now = { pods: await pods(stage), set: await stage.uidOf("statefulset") };
    const destructive = [...refreshed.steps, ...again.steps].filter(({ op }) => /replace|delete/.test(op));
    const locked = /locked by 1 lock/;
    return {
      touched: [],
      facts: [
        check("it was killed in the middle", pending, running.output()),
        check("a second run is refused by the lock", locked.test(second), second),
        check("and one after the kill", locked.test(after), after),
        same("exit code of cancel", 0, cancelled.exitCode),
        same("exit code of refresh", 0, refreshed.exitCode),
        same(
          "steps that replace or delete",
          [],
          destructive.map(({ op, urn }) => `${op} ${urn}`),
        ),
        same("the StatefulSet", before.set, now.set),
        same(
          "the pods that there were",
          before.pods.map(({ uid }) => uid),
          now.pods.slice(0, before.pods.length).map(({ uid }) => uid),
        ),
        same("engines", before.pods.length + 1, now.pods.length),
      ],
    };
  },
};
