import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Cluster } from "../../fence/cluster";
import { changeTaints, readNode, withOutOfService, withoutOutOfService } from "../../fence/node";
import { readOptional, runningPid } from "../processes";
import { pidsIn } from "../real/cgroups";
import { mountPointsBelow } from "../real/mounts";
import { claimName, nodeOf, pod, podName, type Stage, until } from "./stage";

const MERGE = "application/merge-patch+json";
const CONFLICT = 409;

/** Host process of an engine: the first of its container. */
export function enginePid(stage: Stage, node: string | undefined, ordinal: number): number {
  const { scope } = nodeOf(stage, node);
  const name = podName(stage, ordinal);
  const found = pidsIn(scope).find((pid) => {
    const command = (readOptional(`/proc/${pid}/cmdline`) ?? "").split("\0");
    const environment = (readOptional(`/proc/${pid}/environ`) ?? "").split("\0");
    return command.includes("/app/examples/engine/main.js") && environment.includes(`POD_NAME=${name}`);
  });
  if (found === undefined) throw new Error(`${name} has no process on ${node}`);
  return found;
}

/** Stops or continues a node's kubelet alone: its engines go on. */
export function signalKubelet(
  stage: Stage,
  node: string | undefined,
  signal: "SIGSTOP" | "SIGCONT" | "SIGKILL",
): void {
  const pid = runningPid(nodeOf(stage, node), "kubelet");
  if (pid === undefined) throw new Error(`${node} has no kubelet`);
  process.kill(pid, signal);
}

/** Says that a node is out of service. Only after its instance was proven to be stopped. */
export async function taintOutOfService(stage: Stage, name: string): Promise<void> {
  await change(stage, name, withOutOfService);
}

/** Takes the taint back, once the node is as it should be. */
export async function untaint(stage: Stage, name: string): Promise<void> {
  await change(stage, name, withoutOutOfService);
}

async function change(stage: Stage, name: string, taints: typeof withOutOfService): Promise<void> {
  const cluster = clusterOf(stage);
  await changeTaints(cluster, await readNode(cluster, name), taints);
}

/** The stage's cluster as the runbook's command sees it. */
export function clusterOf(stage: Stage): Cluster {
  return {
    get: (path) => stage.client.get(path),
    patch: async (path, body) => {
      const { status, body: answer } = await stage.client.send("PATCH", path, body, MERGE);
      if (status > 299 && status !== CONFLICT)
        throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
      return status !== CONFLICT;
    },
    forceDelete: (namespace, name) => deletePod(stage, namespace, name),
  };
}

/** Deletes a pod without waiting for its kubelet, which is safe only once its process is proven to be gone. */
export async function forceDelete(stage: Stage, name: string): Promise<void> {
  await deletePod(stage, stage.spec.namespace, name);
}

async function deletePod({ client }: Stage, namespace: string, name: string): Promise<void> {
  await client.send("DELETE", `/api/v1/namespaces/${namespace}/pods/${name}`, { gracePeriodSeconds: 0 });
}

const podSchema = z.object({
  metadata: z.object({ uid: z.string(), deletionTimestamp: z.string().optional() }),
});

/** Which pod an ordinal has, and whether it has been told to go. */
export async function podState(
  stage: Stage,
  ordinal: number,
): Promise<{ readonly uid: string; readonly deleting: boolean }> {
  const { client, spec } = stage;
  const { metadata } = podSchema.parse(
    await client.get(`/api/v1/namespaces/${spec.namespace}/pods/${podName(stage, ordinal)}`),
  );
  return { uid: metadata.uid, deleting: metadata.deletionTimestamp !== undefined };
}

/** Changes an object; throws for an answer that is no success. */
export async function patch(
  { client }: Pick<Stage, "client">,
  path: string,
  body: object,
  type = MERGE,
): Promise<void> {
  const { status, body: answer } = await client.send("PATCH", path, body, type);
  if (status > 299) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
}

/** Path of the stage's StatefulSet. */
export function statefulSetPath({ spec }: Pick<Stage, "spec">): string {
  return `/apis/apps/v1/namespaces/${spec.namespace}/statefulsets/${spec.name}`;
}

/** Folder of an ordinal's volume on this machine. */
export async function diskOf(stage: Stage, ordinal: number): Promise<string> {
  const { client, spec, lab } = stage;
  const claim = await client.get(
    `/api/v1/namespaces/${spec.namespace}/persistentvolumeclaims/${claimName(stage, ordinal)}`,
  );
  const volume = JSON.stringify(claim).match(/"volumeName":"([^"]+)"/)?.[1] ?? "";
  const zones = existsSync(lab.disks) ? readdirSync(lab.disks) : [];
  const zone = zones.find((name) => existsSync(join(lab.disks, name, volume)));
  if (zone === undefined || volume === "") throw new Error(`${podName(stage, ordinal)} has no disk`);
  return join(lab.disks, zone, volume);
}

/**
 * Puts something else in the place of a disk. A node's mounts show what was there when they were made, so they are made
 * again: on a machine of a cloud the file system itself would have changed.
 */
export function changeDisk({ lab }: Pick<Stage, "lab">, disk: string, change: () => void): void {
  const shown = mountPointsBelow(lab.nodes).filter((point) => isSameFolder(point, disk));
  change();
  for (const point of shown) execFileSync("mount", ["--bind", disk, point]);
}

function isSameFolder(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino;
}

/** The file of a disk that an engine's log was last written to. */
export function newestLog(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && /wal|log|seg/i.test(path.slice(folder.length)));
  const [newest] = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (newest === undefined) throw new Error(`${folder} holds no log`);
  return newest;
}

/** Processes of CPU scheduling state "stopped" are alive; a process that is gone is not. */
export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** Waits until a process has ended. */
export async function gone(pid: number, what: string, seconds: number): Promise<void> {
  await until(
    what,
    async () => isAlive(pid),
    (alive) => !alive,
    seconds,
  );
}

/** Ends an engine, does something to its disk, and lets the kubelet start it again. */
export async function whileDown(
  stage: Stage,
  ordinal: number,
  change: (disk: string) => void | Promise<void>,
): Promise<void> {
  const node = (await pod(stage, ordinal))?.node;
  const pid = enginePid(stage, node, ordinal);
  signalKubelet(stage, node, "SIGSTOP");
  try {
    process.kill(pid, "SIGKILL");
    await gone(pid, "the process gone", 10);
    await change(await diskOf(stage, ordinal));
  } finally {
    signalKubelet(stage, node, "SIGCONT");
  }
}
