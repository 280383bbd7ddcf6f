import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { builtImage } from "../../../image/engine-image";
import { SUBJECTS, type Subject, subjectOf } from "../../../lab/drill/subject";
import { podsOf } from "../../../lab/engines/pods";
import { KubeClient } from "../../../lab/kube-client";
import { accessOf } from "../../../lab/kubeconfig";
import { readOptional } from "../../../lab/processes";
import { hasReal } from "../../../lab/real/configs";
import { importImage, type RealLab } from "../../../lab/real/node";
import { type NodeFolder, nodeFolders } from "../../../lab/real/node-folder";
import { apiServer } from "../../../lab/settings";
import { stackPlan } from "../../../lab/stack-plan";
import { labTools } from "../../../lab/tools";
import { up } from "../../../lab/up";
import type { BenchContext } from "../context";
import { between } from "../loop/histogram";
import { confine, release } from "./affinity";
import { countedShare, type GapRun, gapsOf, percent, quietest } from "./facts";
import { LOOP, NEIGHBOUR, neighbour, withLoop } from "./subjects";
import { busiestThread, cpuList, processOf, readElsewhere, readTimes, statusField, stolen } from "./threads";

const STACK = "dev";
const PROGRAM = "loop/main.js";
const NOISE = "loop/noise.js";
/** Until the kubelet has given and taken CPUs (each second), and the loop is compiled. */
const SETTLE_SECONDS = 4;
const TICKS_PER_SECOND = 100;
const START_SECONDS = 90;
/** Share of a CPU that other work of the machine may take during a run; above it the run is made again. */
const QUIET = 0.003;
const MOST_TRIES = 4;

const gapsSchema = z.object({ at: z.number(), counts: z.array(z.number()) });
const podSchema = z.object({ status: z.object({ podIP: z.string().optional(), qosClass: z.string() }) });

interface Arena {
  readonly real: RealLab;
  readonly node: NodeFolder;
  readonly image: string;
  readonly context: BenchContext;
}

/** The loop in both subjects' pods in turn, so many rounds, beside the same neighbour on the same node. */
export async function benchGaps(context: BenchContext, rounds: number, seconds: number): Promise<GapRun[]> {
  const arena = await prepare(context);
  const runs: GapRun[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of SUBJECTS) {
        const run = await measure(arena, subjectOf(name, STACK), seconds);
        runs.push(run);
        const { p99, p999 } = run.moments;
        context.say(
          `gaps: round ${round} ${name}: p99 ${p99.toFixed(1)} µs, p99.9 ${p999.toFixed(1)} µs, CPUs ${run.cpus}, waited ${percent(run.waited)}, disturbed ${percent(run.disturbed)}`,
        );
      }
    }
  } finally {
    arena.real.client.close();
  }
  return runs;
}

async function prepare(context: BenchContext): Promise<Arena> {
  const { lab, say, signal } = context;
  const [zone = ""] = stackPlan(STACK).zones;
  const options = { command: "up", stack: STACK, cpuManager: "static", nodesPerZone: 0 } as const;
  const { settings } = await up(lab, { ...options, real: { [zone]: 1 } }, { say, signal });
  if (!hasReal(settings)) throw new Error("the lab has no real node");
  const client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
  const real = { lab, settings, tools: await labTools(say, true), client };
  const [node] = nodeFolders(lab);
  if (node === undefined) throw new Error("the lab has no real node");
  const { file, reference } = await builtImage(say, LOOP);
  await importImage(node, file);
  // Both name the same class, and only the seed brings it: what a loop's volume is made by changes no gap.
  const seed = subjectOf("seed", STACK).manifests.filter(({ kind }) => kind === "StorageClass");
  for (const manifest of [...seed, ...neighbour(reference)]) await client.apply(manifest);
  await appears(node, NOISE, signal);
  say(`gaps: ${NEIGHBOUR.name} makes noise`);
  return { real, node, image: reference, context };
}

async function measure(arena: Arena, subject: Subject, seconds: number): Promise<GapRun> {
  const { real, node, context } = arena;
  const { client } = real;
  await release(real, node);
  for (const manifest of withLoop(subject, arena.image)) await client.apply(manifest);
  try {
    const pid = await appears(node, PROGRAM, context.signal);
    const { address, qos } = await started(client, subject);
    await sleep(SETTLE_SECONDS * 1000, undefined, { signal: context.signal });
    await confine(real, node);
    const tries: GapRun[] = [];
    do {
      const seen = await observe(node, { pid, address, seconds, signal: context.signal });
      tries.push({ subject: subject.name, qos, ...seen });
    } while (quietest(tries).disturbed > QUIET && tries.length < MOST_TRIES);
    return quietest(tries);
  } finally {
    await release(real, node);
    await remove(client, subject.spec.namespace, subject.spec.name, node);
  }
}

interface Target {
  readonly pid: number;
  readonly address: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

async function observe(
  node: NodeFolder,
  { pid, address, seconds, signal }: Target,
): Promise<Omit<GapRun, "subject" | "qos">> {
  const thread = busiestThread(pid);
  const cpus = statusField(readOptional(`${thread}/status`) ?? "", "Cpus_allowed_list") ?? "";
  const look = async () => ({
    gaps: gapsSchema.parse(await (await fetch(`http://${address}:8080/gaps`)).json()),
    times: readTimes(thread),
    stolen: stolen(readOptional("/proc/stat") ?? ""),
    elsewhere: readElsewhere(node.scope),
  });
  const first = await look();
  await sleep(seconds * 1000, undefined, { signal });
  const last = await look();
  const counts = between(first.gaps.counts, last.gaps.counts);
  const elapsed = last.gaps.at - first.gaps.at;
  const stolenTicks = cpuList(cpus).reduce(
    (sum, cpu) => sum + (last.stolen.get(cpu) ?? 0) - (first.stolen.get(cpu) ?? 0),
    0,
  );
  return {
    cpus,
    ...gapsOf(counts),
    waited: (last.times.waited - first.times.waited) / (elapsed * 1e6),
    stolen: (stolenTicks / TICKS_PER_SECOND / (elapsed / 1000)) * (1 / cpuList(cpus).length),
    disturbed: (last.elsewhere - first.elsewhere) / (elapsed * 1e6),
    counted: countedShare(counts, elapsed),
  };
}

async function started(client: KubeClient, { spec }: Subject): Promise<{ address: string; qos: string }> {
  const path = `/api/v1/namespaces/${spec.namespace}/pods/${spec.name}-0`;
  for (const deadline = Date.now() + START_SECONDS * 1000; Date.now() < deadline; await sleep(200)) {
    const { status } = podSchema.parse(await client.get(path));
    const answers = await fetch(`http://${status.podIP}:8080/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (status.podIP !== undefined && answers) return { address: status.podIP, qos: status.qosClass };
  }
  throw new Error(`${spec.name}-0 does not answer`);
}

async function appears(node: NodeFolder, program: string, signal: AbortSignal): Promise<number> {
  for (const deadline = Date.now() + START_SECONDS * 1000; Date.now() < deadline; ) {
    await sleep(200, undefined, { signal });
    const pid = processOf(node.scope, program);
    if (pid !== undefined) return pid;
  }
  throw new Error(`no pod of ${node.request.name} runs ${program}`);
}

async function remove(client: KubeClient, namespace: string, name: string, node: NodeFolder): Promise<void> {
  await client.send("DELETE", `/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}`);
  for (const deadline = Date.now() + START_SECONDS * 1000; ; await sleep(200)) {
    const left = (await podsOf(client, namespace)).length;
    if (left === 0 && processOf(node.scope, PROGRAM) === undefined) return;
    if (Date.now() > deadline) throw new Error(`${name}-0 does not go away`);
  }
}
