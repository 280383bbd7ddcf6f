import { chmodSync, existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ZONE_LABEL } from "../../../components/contract";
import { UserError } from "../../offline/errors";
import { makeNodeCertificate } from "../certificates";
import type { KubeClient } from "../kube-client";
import { accessOf, kubeconfig } from "../kubeconfig";
import { PROVISIONER } from "../nodes";
import type { LabFolder } from "../paths";
import { lastWords, readOptional, runningPid, startProcess, stopProcesses } from "../processes";
import { apiServer } from "../settings";
import type { LabTools } from "../tools";
import { makeCgroup, pidsIn, removeCgroup } from "./cgroups";
import { cniConfig, containerdConfig, kubeletConfig, type RealSettings } from "./configs";
import { heartbeatAfter } from "./heartbeat";
import { containsMount, unmountBelow } from "./mounts";
import { inNetwork, nodeAddress, plugIn, unplug } from "./network";
import { type NodeFolder, type NodeRequest, nodeFolder } from "./node-folder";
import { pauseImage } from "./pause-image";
import { run } from "./run";
import { snapshotterOf, takesOverlay } from "./snapshotter";

/** What the work on real nodes needs to know of their lab. */
export interface RealLab {
  readonly lab: LabFolder;
  readonly settings: RealSettings;
  readonly tools: LabTools;
  readonly client: KubeClient;
}

const START_MILLISECONDS = 90_000;
const POLL_MILLISECONDS = 100;
const LOG_LINKS = "/var/log/containers";
/** In the order in which they start: a kubelet finds its volume driver when it looks for plugins. */
const PROCESSES = ["containerd", "csi-node", "kubelet"] as const;

/** Starts a node, or what of it does not run, and returns when it is ready by a heartbeat of this start. */
export async function startNode(
  real: RealLab,
  request: NodeRequest,
  signal?: AbortSignal,
): Promise<NodeFolder> {
  const { lab, settings } = real;
  const node = nodeFolder(lab, request);
  if (isRunning(node) && (await heartbeatAfter(real.client, request.name, 0))) return node;
  await writeConfigs(real, node);
  makeCgroup(node.scope);
  await plugIn(lab, node, settings.real.subnet);
  await startContainerd(real, node, signal);
  await startDriver(real, node, signal);
  await startKubelet(real, node, signal);
  return node;
}

/** Whether all of a node's processes run. */
export function isRunning(node: NodeFolder): boolean {
  return PROCESSES.every((name) => runningPid(node, name) !== undefined);
}

/** Starts a node's kubelet, and returns when the API server has heard of it. */
export async function startKubelet(real: RealLab, node: NodeFolder, signal?: AbortSignal): Promise<void> {
  const { request } = node;
  const began = Date.now();
  const [nsenter, ...scope] = inNetwork(node);
  const labels = {
    [ZONE_LABEL]: request.zone,
    ...request.labels,
  };
  if (runningPid(node, "kubelet") === undefined) {
    startProcess(node, {
      name: "kubelet",
      binary: nsenter,
      args: [
        ...scope,
        join(real.tools.kubernetes, "kubelet"),
        `--config=${node.kubeletConfig}`,
        `--kubeconfig=${node.kubeconfig}`,
        `--hostname-override=${request.name}`,
        `--node-ip=${nodeAddress(real.settings.real.subnet, node.index)}`,
        `--node-labels=${Object.entries(labels)
          .map(([name, value]) => `${name}=${value}`)
          .join(",")}`,
        `--root-dir=${node.kubeletRoot}`,
        `--cert-dir=${node.kubeletRoot}/pki`,
      ],
    });
  }
  await until(node, "kubelet", signal, () => heartbeatAfter(real.client, request.name, began));
}

/** Ends everything of a node at once, as a power cut does. The Node object stays, and so do disks and images. */
export async function powerOff(node: NodeFolder): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const pids = livingPids(node);
    if (pids.length === 0) break;
    for (const pid of pids) kill(pid);
    await sleep(50);
  }
  const left = livingPids(node);
  if (left.length > 0) throw new Error(`processes of ${node.request.name} do not end: ${left.join(", ")}`);
  await forgetBoot(node);
}

/** Processes of a node: its kubelet, its volume driver, its containerd with the shims, and all that runs in its pods. */
export function livingPids(node: NodeFolder): number[] {
  const named = PROCESSES.map((name) => runningPid(node, name));
  return [...named.filter((pid) => pid !== undefined), ...shims(node), ...pidsIn(node.scope)];
}

/** Ends a node and removes what it left on this machine. The Node object is the caller's. */
export async function removeNode(node: NodeFolder): Promise<void> {
  await stopProcesses(node, ["kubelet"]);
  await powerOff(node);
  removeLogLinks(node);
  rmSync(node.root, { recursive: true, force: true });
}

// What a machine forgets when it loses power: processes, mounts, network, whatever was under /run.
async function forgetBoot(node: NodeFolder): Promise<void> {
  await unmountBelow(node.root);
  removeShimSockets(node);
  for (const folder of ["run", "runc", "addresses"]) {
    const path = join(node.root, folder);
    if (containsMount(path)) throw new Error(`${path} still holds a mount`);
    rmSync(path, { recursive: true, force: true });
  }
  for (const name of PROCESSES) rmSync(node.pidFile(name), { force: true });
  for (const socket of [node.socket, node.driverSocket]) rmSync(socket, { force: true });
  removeCgroup(node.scope);
  await unplug(node);
}

async function writeConfigs({ lab, settings }: RealLab, node: NodeFolder): Promise<void> {
  await makeNodeCertificate(lab, node.request.name);
  // Pods' users walk through here to their volumes; what is secret has its own mode.
  for (const folder of [node.root, node.cniConfig]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
  }
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  const snapshotter = (await takesOverlay(node.root)) ? "overlayfs" : "native";
  writeFileSync(node.containerdConfig, containerdConfig(node, snapshotter));
  writeFileSync(join(node.cniConfig, "10-lab.conflist"), json(cniConfig(node, settings)));
  writeFileSync(node.kubeletConfig, json(kubeletConfig(lab, node, settings)));
  writeFileSync(node.kubeconfig, kubeconfig(accessOf(lab, node.request.name, apiServer(settings))), {
    mode: 0o600,
  });
  writeFileSync(node.resolvConf, "options ndots:1\n");
}

async function startContainerd({ tools }: RealLab, node: NodeFolder, signal?: AbortSignal): Promise<void> {
  if (runningPid(node, "containerd") === undefined) {
    const [nsenter, ...scope] = inNetwork(node);
    startProcess(node, {
      name: "containerd",
      binary: nsenter,
      args: [...scope, "containerd", "--config", node.containerdConfig],
    });
  }
  await until(node, "containerd", signal, async () => {
    await ctr(node, "version");
    return true;
  });
  await importImage(node, pauseImage(tools.real?.pause ?? ""));
}

// It is in no network: all that it is told comes from its kubelet.
async function startDriver({ lab, tools }: RealLab, node: NodeFolder, signal?: AbortSignal): Promise<void> {
  const { name, zone } = node.request;
  if (runningPid(node, "csi-node") === undefined) {
    rmSync(node.driverSocket, { force: true });
    startProcess(node, {
      name: "csi-node",
      binary: join(tools.real?.csiNode ?? "", "csi-node"),
      args: [
        `--socket=${node.driverSocket}`,
        `--driver=${PROVISIONER}`,
        `--node=${name}`,
        `--zone=${zone}`,
        `--disks=${join(lab.disks, zone)}`,
      ],
    });
  }
  await until(node, "csi-node", signal, async () => existsSync(node.driverSocket));
}

/** Gives a node an image, as an archive in OCI layout. */
export async function importImage(node: NodeFolder, archive: string): Promise<void> {
  await ctr(node, "images", "import", "--snapshotter", snapshotterOf(node), archive);
}

async function ctr(node: NodeFolder, ...args: readonly string[]): Promise<string> {
  return await run("ctr", "--address", node.socket, "--namespace", "k8s.io", ...args);
}

async function until(
  node: NodeFolder,
  name: string,
  signal: AbortSignal | undefined,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  for (;;) {
    await sleep(POLL_MILLISECONDS, undefined, signal && { signal });
    const words = (): string => lastWords(readOptional(node.log(name)) ?? "");
    if (runningPid(node, name) === undefined) {
      throw new UserError(
        `${name} of node ${node.request.name} ended: ${words()}\nIts log is ${node.log(name)}`,
      );
    }
    if (await isReady().catch(() => false)) return;
    if (Date.now() > deadline) {
      throw new UserError(
        `${name} of node ${node.request.name} did not work within ${START_MILLISECONDS / 1000} s: ${words()}\nIts log is ${node.log(name)}`,
      );
    }
  }
}

// A shim outlives its containerd, and names it by the socket.
function shims({ socket }: NodeFolder): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      const words = (readOptional(`/proc/${pid}/cmdline`) ?? "").split("\0");
      return words[0]?.includes("containerd-shim") === true && words.includes(socket);
    })
    .map(Number);
}

// They lie in one folder for all of a machine's containerds, under names that only the shim's own record tells.
function removeShimSockets(node: NodeFolder): void {
  const tasks = join(node.root, "run", "io.containerd.runtime.v2.task", "k8s.io");
  for (const task of existsSync(tasks) ? readdirSync(tasks) : []) {
    const address = readOptional(join(tasks, task, "address"))?.trim();
    if (address?.startsWith("unix://")) rmSync(address.slice("unix://".length), { force: true });
  }
}

// The kubelet links every container's log here, whatever its own folder is.
function removeLogLinks(node: NodeFolder): void {
  for (const name of existsSync(LOG_LINKS) ? readdirSync(LOG_LINKS) : []) {
    const link = join(LOG_LINKS, name);
    if (linkTarget(link)?.startsWith(`${node.root}/`)) rmSync(link, { force: true });
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone in the meantime: what was wanted.
  }
}
