import { setTimeout as sleep } from "node:timers/promises";
import { enginePid } from "../actions";
import { check, type Drill, type DrillTimers, type Observation, same } from "../drill";
import { container, engineView, pod, type Stage, until } from "../stage";
import { evictAndWait } from "./disruption";

export const killEngine: Drill = {
  id: "R1",
  title: "kill -9 of an engine between two orders",
  steps: ["SIGKILL to the engine's process", "the kubelet starts its container again"],
  expectation: "the same pod, the same markets; the log is replayed; no order id comes twice",
  // The kubelet waits 10 s before the second restart within ten minutes.
  darkBound: ({ start }) => 10 + start,
  async run(stage) {
    const before = await pod(stage, 0);
    const { restarts } = await container(stage, 0);
    process.kill(enginePid(stage, before?.node, 0), "SIGKILL");
    const after = await until(
      "engine 0 ready again",
      async () => ({ pod: await pod(stage, 0), container: await container(stage, 0) }),
      (seen) => seen.pod?.ready === true && seen.container.restarts === restarts + 1,
      90,
    );
    return {
      touched: [0],
      facts: [
        same("the pod", before?.uid, after.pod?.uid),
        same("exit code of the old process", 137, after.container.lastExitCode),
      ],
    };
  },
};

const FREEZE = {
  steps: ["SIGSTOP to the engine's process", "wait beyond its renew deadline", "SIGCONT"],
  darkBound: ({ lease, start }: DrillTimers): number => 14 + lease + start,
};

export const freezeEngine: Drill = {
  ...FREEZE,
  id: "freeze",
  title: "an engine that is stopped beyond its lease, and continues; the exchange checks no token",
  expectation:
    "the exchange's switch cancels its orders; no order after the deadline; it takes a new term, or is restarted",
  seedNote: "What stops it here is the program's own deadline, which the manifests do not know.",
  run: freeze,
};

export const freezeWithTokens: Drill = {
  ...FREEZE,
  id: "freeze-token",
  title: "the same at an exchange that refuses an old term's token",
  expectation: "the same: the engine holds its own deadline, so the exchange has nothing to refuse",
  notOnSeed: "its application has no term and sends no token",
  async run(stage) {
    await stage.exchange.faults({ fencing: true });
    try {
      const { now } = await stage.exchange.report();
      const observation = await freeze(stage);
      const { entries } = await stage.exchange.report();
      const refused = entries.filter(
        ({ kind, at, code }) => kind === "rejected" && at > now && code === "fenced",
      );
      return {
        ...observation,
        facts: [...observation.facts, same("orders refused for their token", 0, refused.length)],
      };
    } finally {
      await stage.exchange.faults({ fencing: false });
    }
  },
};

async function freeze(stage: Stage): Promise<Observation> {
  const before = await pod(stage, 0);
  const pid = enginePid(stage, before?.node, 0);
  process.kill(pid, "SIGSTOP");
  const { now: stopped } = await stage.exchange.report();
  await sleep(13_000);
  const frozen = await stage.exchange.report();
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // The kubelet may have ended it: liveness.
  }
  const late = frozen.entries.filter(
    ({ kind, account, at }) => kind === "order" && account === before?.name && at > stopped + 500,
  );
  await sleep(300);
  const soon = await stage.exchange.report();
  const burst = soon.entries.filter(
    ({ kind, account, at }) => kind === "order" && account === before?.name && at > frozen.now,
  );
  return {
    touched: [0],
    facts: [
      same("orders while it was stopped", 0, late.length),
      same("orders right after, with the old term", 0, burst.length),
      same(
        "its orders open at the exchange while it was stopped",
        0,
        frozen.accounts[before?.name ?? ""]?.open.length,
      ),
    ],
  };
}

export const slowExchange: Drill = {
  id: "R2",
  title: "an eviction while the exchange is slow",
  steps: ["cancels take 4 s and confirmations 2 s", "the pod is evicted", "hook, SIGTERM and drain"],
  expectation: "the engine leaves by itself, with no order open, within its grace period",
  darkBound: ({ start }) => 4 + 2 + start + 10,
  async run(stage) {
    await stage.exchange.faults({ cancelMs: 4000, confirmMs: 2000 });
    try {
      const { openAtExit, pod: after } = await evictAndWait(stage, 1);
      return {
        touched: [0, 1, 2],
        facts: [
          same("its orders open when the old process was gone", 0, openAtExit),
          check("a new pod is ready", after.ready, after),
        ],
      };
    } finally {
      await stage.exchange.faults({ cancelMs: 0, confirmMs: 0 });
    }
  },
};

export const clockSkew: Drill = {
  id: "R19",
  title: "the exchange's clock is 5 s away",
  steps: ["the exchange's clock moves by 5 s", "it moves back", "somebody restarts the halted engine"],
  expectation:
    "the exchange refuses, every engine halts with no order open, /ready says why; a restart brings it back",
  darkBound: ({ start }) => 30 + start,
  async run(stage) {
    const ordinals = [...stage.spec.markets.keys()];
    await stage.exchange.faults({ skewMs: 5000 });
    try {
      await until(
        "every engine halted",
        async () => await Promise.all(ordinals.map((ordinal) => engineView(stage, ordinal))),
        (views) => views.every(({ phase }) => phase === "halted"),
        30,
      );
    } finally {
      await stage.exchange.faults({ skewMs: 0 });
    }
    const { accounts } = await stage.exchange.report();
    const open = Object.values(accounts).flatMap((account) => account.open);
    for (const ordinal of ordinals)
      process.kill(enginePid(stage, (await pod(stage, ordinal))?.node, ordinal), "SIGTERM");
    return { touched: [0, 1, 2], facts: [same("orders open at the exchange", 0, open.length)] };
  },
};
