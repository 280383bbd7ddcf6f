import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeLog } from "../../../../examples/engine/core/wal-codec";
import {
  diskOf,
  enginePid,
  forceDelete,
  gone,
  isAlive,
  newestLog,
  signalKubelet,
  taintOutOfService,
  untaint,
} from "../actions";
import { check, type Drill, type DrillTimers, type Fact, same } from "../drill";
import { trades } from "../looks";
import { engineView, pod, podName, type Stage, until } from "../stage";
import { victim } from "./nodes";

const SHARED = {
  steps: [
    "SIGSTOP to the kubelet; the taint and the forced deletion, although the process lives",
    "a second pod starts, and waits",
    "SIGSTOP to the first engine: its lease runs out, the second trades",
    "SIGCONT to the first engine, then to the kubelet",
  ],
  notOnSeed: "its application has no term and sends no token: split-brain shows what comes of that",
  darkBound: ({ start, lease }: DrillTimers): number => lease + start + 5,
};

export const frozenBesideSuccessor: Drill = {
  ...SHARED,
  id: "split-brain-freeze",
  title: "an engine wakes up beside its successor; the exchange checks no token",
  expectation:
    "the first sends nothing after its deadline and leaves the log alone, although nobody would refuse it",
  run: async (stage) => await wakeBesideSuccessor(stage),
};

export const frozenWithTokens: Drill = {
  ...SHARED,
  id: "split-brain-token",
  title: "the same at an exchange that refuses an old term's token",
  expectation: "the same: there is nothing to refuse",
  async run(stage) {
    await stage.exchange.faults({ fencing: true });
    try {
      const { now } = await stage.exchange.report();
      const observation = await wakeBesideSuccessor(stage);
      const { entries } = await stage.exchange.report();
      const refused = entries.filter(
        ({ kind, at, code }) => kind === "rejected" && at > now && code === "fenced",
      );
      const fact = same("orders refused for their token", 0, refused.length);
      return { ...observation, facts: [...observation.facts, fact] };
    } finally {
      await stage.exchange.faults({ fencing: false });
    }
  },
};

async function wakeBesideSuccessor(stage: Stage) {
  const { ordinal, node, uid } = await victim(stage);
  const pid = enginePid(stage, node.request.name, ordinal);
  signalKubelet(stage, node.request.name, "SIGSTOP");
  try {
    await secondPod(stage, ordinal, node.request.name, uid);
    const waiting = await engineWord(stage, ordinal);
    const facts = await freezeAndWake(stage, ordinal, pid);
    return {
      touched: [ordinal],
      facts: [check("the second waits while the first trades", waiting === "standby", waiting), ...facts],
    };
  } finally {
    signal(pid, "SIGCONT");
    signalKubelet(stage, node.request.name, "SIGCONT");
    await gone(pid, "the first one gone", stage.spec.gracePeriodSeconds + 30);
    await untaint(stage, node.request.name);
  }
}

async function secondPod(stage: Stage, ordinal: number, node: string, uid: string): Promise<void> {
  await taintOutOfService(stage, node);
  await forceDelete(stage, podName(stage, ordinal));
  await until(
    "a second pod runs",
    () => pod(stage, ordinal),
    (seen) => seen !== undefined && seen.uid !== uid && seen.node !== undefined,
    60,
  );
}

async function freezeAndWake(stage: Stage, ordinal: number, pid: number): Promise<Fact[]> {
  const account = podName(stage, ordinal);
  process.kill(pid, "SIGSTOP");
  const old = highestToken(await stage.exchange.report(), account);
  await trades(stage, ordinal);
  const { now: woken, ...before } = await stage.exchange.report();
  const lived = isAlive(pid);
  signal(pid, "SIGCONT");
  await sleep(3000);
  const after = await stage.exchange.report();
  const orders = after.entries.filter((entry) => entry.kind === "order" && entry.account === account);
  const { ending } = decodeLog(readFileSync(newestLog(await diskOf(stage, ordinal))));
  const late = orders.filter(({ at, token }) => at > woken && token === old);
  const own = orders.filter(({ at, token }) => at > woken && token !== old);
  return [
    check("the first still lived, stopped, when the second traded", lived, pid),
    check("the second has a later term", highestToken({ ...before, now: woken }, account) > old, old),
    same("orders of the first after it woke", 0, late.length),
    check("orders of the second went on", own.length > 0, own.length),
    check("the log is whole: only the second has written it", ending.kind !== "corrupt", ending),
  ];
}

function highestToken(
  { entries }: Awaited<ReturnType<Stage["exchange"]["report"]>>,
  account: string,
): number {
  const tokens = entries.filter((entry) => entry.account === account).map(({ token }) => token ?? 0);
  return Math.max(0, ...tokens);
}

/** What the second says of itself before it has a term: its book is not open yet, so `/positions` has none. */
async function engineWord(stage: Stage, ordinal: number): Promise<string> {
  const { phase } = await until(
    "the second says what it does",
    () => engineView(stage, ordinal),
    ({ phase }) => phase !== "",
    60,
  );
  return phase;
}

function signal(pid: number, name: "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
