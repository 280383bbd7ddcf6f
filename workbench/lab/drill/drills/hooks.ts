import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PORTS } from "../../../../components/engine/spec";
import { enginePid, gone, patch, statefulSetPath } from "../actions";
import { check, type Drill, same } from "../drill";
import { deleteEngine } from "../looks";
import { allReady, pod, podName, pods, type Stage, until } from "../stage";

/** Where nothing of the engine listens; the stand-ins do, in the pod's own network. */
const HOOK_PORT = 8099;
/** What is left of the grace period where it was cut short. */
const SHORT_GRACE = 8;
/** Seconds that the kubelet adds for SIGTERM when the hook used the grace period up. */
const EXTENSION = 2;

const STAND_INS = {
  fails: `require("http").createServer((q, a) => { a.statusCode = 500; a.end(); }).listen(${HOOK_PORT})`,
  hangs: `require("http").createServer(() => {}).listen(${HOOK_PORT})`,
} as const;

export const brokenHook: Drill = {
  id: "R3",
  title: "the preStop hook is refused, answers 500, and hangs",
  steps: [
    "the hook of every pod asks a port where engine 0 does not listen, engine 1 answers 500 and engine 2 never",
    "the pods are deleted, engine 2's with a grace period of 8 s",
    "cancels take 3 s by the time engine 2 gets its SIGTERM",
  ],
  expectation:
    "SIGTERM drains 0 and 1 as if there were no hook; 2 trades until its grace period is over, gets SIGTERM and 2 s, and is killed with orders open: the exchange's switch closes them",
  notOnSeed: "its hook is a command in its own container: there is no port to break",
  darkBound: ({ start, lease }) => SHORT_GRACE + EXTENSION + lease + start + 10,
  async run(stage) {
    await withHook(stage, HOOK_PORT, "OnDelete");
    const standIns: ChildProcess[] = [];
    try {
      await renewAll(stage);
      standIns.push(await standIn(stage, 1, "fails"), await standIn(stage, 2, "hangs"));
      // From now on new pods have the first hook again; those that run keep theirs.
      await withHook(stage, PORTS.http, "OnDelete");
      return { touched: [0, 1, 2], facts: await endAll(stage) };
    } finally {
      for (const process of standIns) process.kill("SIGKILL");
      await stage.exchange.faults({ cancelMs: 0 });
      await withHook(stage, PORTS.http, "RollingUpdate");
    }
  },
};

async function endAll(stage: Stage) {
  const old = await pods(stage);
  const pids = old.map(({ node }, ordinal) => enginePid(stage, node, ordinal));
  const codes = exitCodes(stage, old);
  // Awaited below; a drill that fails before that must not end in a second error.
  codes.catch(() => {});
  const { now } = await stage.exchange.report();
  await Promise.all([0, 1].map((ordinal) => deleteEngine(stage, ordinal)));
  await deleteEngine(stage, 2, SHORT_GRACE);
  const openAtEnd = (ordinal: number) => openWhenGone(stage, ordinal, pids[ordinal] ?? 0);
  const drained = await Promise.all([openAtEnd(0), openAtEnd(1)]);
  const drainedAt = (await stage.exchange.report()).now;
  await sleep(Math.max(0, now + (SHORT_GRACE - 2) * 1000 - drainedAt));
  await stage.exchange.faults({ cancelMs: 3000 });
  const killed = await openAtEnd(2);
  await stage.exchange.faults({ cancelMs: 0 });
  const code = await codes;
  const two = await lifeOf(stage, 2, now);
  await allReady(stage);
  return [
    same("orders that 0 (refused) and 1 (500) left open", [0, 0], drained),
    same("their exit codes", [0, 0], [code.get(old[0]?.uid ?? ""), code.get(old[1]?.uid ?? "")]),
    check("0 and 1 took less than 5 s", drainedAt - now < 5000, drainedAt - now),
    check("2 traded on while its hook hung", two.lastOrder > (SHORT_GRACE - 3) * 1000, two),
    check(
      "2 ended with the grace period and the extension",
      two.disconnected > SHORT_GRACE * 1000 && two.disconnected < (SHORT_GRACE + EXTENSION + 2) * 1000,
      two,
    ),
    same("2's exit code", 137, code.get(old[2]?.uid ?? "")),
    check("orders of 2 that the exchange closed by itself", two.closedByExchange > 0, two),
    same("orders of 2 that are open", 0, killed),
  ];
}

async function withHook(stage: Stage, port: number, type: "OnDelete" | "RollingUpdate"): Promise<void> {
  const rollingUpdate = type === "OnDelete" ? null : { partition: stage.spec.partition };
  const preStop = { httpGet: { path: "/shutdown", port } };
  const container = { name: "engine", lifecycle: { preStop } };
  const spec = { updateStrategy: { type, rollingUpdate }, template: { spec: { containers: [container] } } };
  await patch(stage, statefulSetPath(stage), { spec }, "application/strategic-merge-patch+json");
}

async function renewAll(stage: Stage): Promise<void> {
  const before = await pods(stage);
  await Promise.all(before.map((_, ordinal) => deleteEngine(stage, ordinal)));
  await until(
    "every engine ready in a new pod",
    () => pods(stage),
    (seen) =>
      seen.length === before.length &&
      seen.every(({ uid, ready }, ordinal) => ready && uid !== before[ordinal]?.uid),
    120,
  );
}

/** A server in a pod's own network, as a part of the engine that is broken would be. */
async function standIn(stage: Stage, ordinal: number, kind: keyof typeof STAND_INS): Promise<ChildProcess> {
  const pid = enginePid(stage, (await pod(stage, ordinal))?.node, ordinal);
  const command = [process.execPath, "-e", STAND_INS[kind]];
  return spawn("nsenter", [`--net=/proc/${pid}/ns/net`, ...command], { stdio: "ignore" });
}

async function openWhenGone(stage: Stage, ordinal: number, pid: number): Promise<number> {
  const seconds = stage.spec.gracePeriodSeconds + 10;
  await gone(pid, `engine ${ordinal}'s process gone`, seconds);
  // The exchange learns of the broken connection a moment later.
  await sleep(100);
  const { accounts } = await stage.exchange.report();
  return accounts[podName(stage, ordinal)]?.open.length ?? 0;
}

/** What the exchange saw of an account since a moment, in milliseconds from then. */
async function lifeOf(stage: Stage, ordinal: number, from: number) {
  const { entries } = await stage.exchange.report();
  const own = entries.filter(({ account, at }) => account === podName(stage, ordinal) && at > from);
  const disconnected = own.find(({ kind }) => kind === "disconnected")?.at ?? Number.POSITIVE_INFINITY;
  const before = own.filter(({ at, kind }) => kind === "order" && at < disconnected);
  return {
    lastOrder: (before.at(-1)?.at ?? from) - from,
    disconnected: disconnected - from,
    // The switch acts at once; a slow cancel comes seconds later.
    closedByExchange: own.filter(
      ({ kind, at }) => kind === "cancelled" && at >= disconnected && at < disconnected + 50,
    ).length,
  };
}

const eventSchema = z.object({
  type: z.string(),
  object: z.object({
    metadata: z.object({ uid: z.string() }),
    status: z.object({
      containerStatuses: z
        .array(z.object({ state: z.object({ terminated: z.object({ exitCode: z.number() }).optional() }) }))
        .default([]),
    }),
  }),
});

/** Exit codes of pods by uid, read from the last that the kubelet says of each; ends when all are gone. */
async function exitCodes(
  stage: Stage,
  old: readonly { readonly uid: string }[],
): Promise<ReadonlyMap<string, number>> {
  const codes = new Map<string, number>();
  const left = new Set(old.map(({ uid }) => uid));
  for await (const event of stage.client.watch(`/api/v1/namespaces/${stage.spec.namespace}/pods`)) {
    const { data } = eventSchema.safeParse(event);
    if (data === undefined) continue;
    const { uid } = data.object.metadata;
    const code = data.object.status.containerStatuses[0]?.state.terminated?.exitCode;
    if (code !== undefined) codes.set(uid, code);
    if (data.type === "DELETED") left.delete(uid);
    if (left.size === 0) break;
  }
  return codes;
}
