import { existsSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../offline/errors";
import type { LabArguments } from "./arguments";
import { makeCertificates } from "./certificates";
import { hasControllers, isPopulated, populate } from "./cluster";
import { processCommand } from "./commands";
import { KubeClient } from "./kube-client";
import { accessOf, writeKubeconfigs } from "./kubeconfig";
import { realNodes } from "./nodes";
import { isOwnEntry, type LabFolder, type ProcessName, processesFor } from "./paths";
import { lastWords, readOptional, runningPid, startProcess, stopProcesses } from "./processes";
import { corefile, hasReal } from "./real/configs";
import { freeSubnet, hostAddress, makeBridge } from "./real/network";
import { isRunning, startNode } from "./real/node";
import { nodeFolders } from "./real/node-folder";
import { requireRuntime } from "./real/runtime";
import { COPIES, takesOverlay } from "./real/snapshotter";
import {
  apiHost,
  apiServer,
  choosePorts,
  isFree,
  type LabSettings,
  readSettings,
  writeSettings,
} from "./settings";
import { stackPlan } from "./stack-plan";
import { stagesFile } from "./stages";
import { type LabTools, labTools, requireOpenssl } from "./tools";
import { READY as VOLUMES_READY } from "./volumes/volume";

type Say = (line: string) => void;

const READY_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 100;
const NEEDED_MEBIBYTES = 512;
/** Of the Service `kubernetes`, at whose address the API server of a lab with real nodes listens itself. */
const SERVICE_PORT = 443;
const DNS_PORT = 53;

/** Starts what of a lab does not run; returns what was started or made, and nothing for a lab that was up. */
export async function up(
  lab: LabFolder,
  options: LabArguments,
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Promise<{ readonly changes: readonly string[]; readonly settings: LabSettings }> {
  const known = await checkInput(lab, options);
  const withReal = (known?.real ?? options.real) !== undefined;
  if (withReal) await requireRuntime(say);
  const tools = await labTools(say, withReal);
  signal.throwIfAborted();
  const settings = await prepare(lab, known, options, tools);
  const client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
  const started: ProcessName[] = [];
  const began = Date.now();
  const step = (line: string): void =>
    say(`  ${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`);
  const stage: Stage = { lab, settings, client, signal, step };
  try {
    if (hasReal(settings) && !(await takesOverlay(lab.root))) say(`Note: ${COPIES}`);
    await makeBridge(lab, settings);
    for (const name of processesFor(settings)) {
      if (runningPid(lab, name) !== undefined) continue;
      await requirePorts(name, settings, lab);
      started.push(name);
      startProcess(lab, processCommand(name, lab, settings, tools));
      await until(stage, name, READY[name]);
      step(`${name} ${READY[name] === undefined ? "started" : "works"}`);
    }
    const made = await populate(client, settings);
    if (made.length > 0) step(`made ${made.join(", ")}`);
    const nodes = await startNodes(stage, tools);
    await until(stage, "kwok", () => isPopulated(client, settings));
    const changes = [...started, ...made, ...nodes];
    if (changes.length > 0) step("all nodes are ready");
    return { changes, settings };
  } catch (error) {
    await stopProcesses(lab, started);
    throw error;
  } finally {
    client.close();
  }
}

async function startNodes(
  { lab, settings, client, signal, step }: Stage,
  tools: LabTools,
): Promise<string[]> {
  if (!hasReal(settings)) return [];
  const started: string[] = [];
  for (const request of realNodes(stackPlan(settings.stack), settings)) {
    const known = nodeFolders(lab).find(({ request: { name } }) => name === request.name);
    if (known !== undefined && isRunning(known)) continue;
    await startNode({ lab, settings, tools, client }, request, signal);
    step(`real node ${request.name} is ready`);
    started.push(`Node ${request.name}`);
  }
  return started;
}

interface Stage {
  readonly lab: LabFolder;
  readonly settings: LabSettings;
  readonly client: KubeClient;
  readonly signal: AbortSignal;
  readonly step: Say;
}

/** How a process shows that it works, where it can before the others run. */
const READY: Readonly<Record<ProcessName, ((stage: Stage) => Promise<boolean>) | undefined>> = {
  etcd: async ({ lab, settings }) => {
    const client = new KubeClient(accessOf(lab, "server", `https://127.0.0.1:${settings.ports.etcd}`));
    try {
      return (await client.send("GET", "/health")).status === 200;
    } finally {
      client.close();
    }
  },
  "kube-apiserver": async ({ client }) => (await client.send("GET", "/readyz")).status === 200,
  "kube-controller-manager": ({ client }) => hasControllers(client),
  "kube-scheduler": undefined,
  coredns: undefined,
  kwok: undefined,
  volumes: async ({ lab }) => (readOptional(lab.log("volumes")) ?? "").includes(VOLUMES_READY),
};

// Before the builds: nobody waits minutes to be told of a typing mistake.
async function checkInput(lab: LabFolder, options: LabArguments): Promise<LabSettings | undefined> {
  requireOpenssl();
  requireRoom(lab);
  const known = readSettings(lab);
  if (known === undefined) {
    requireEmpty(lab);
    await newSettings(lab, options);
  } else {
    requireSame(known, options);
  }
  return known;
}

async function prepare(
  lab: LabFolder,
  known: LabSettings | undefined,
  options: LabArguments,
  tools: LabTools,
): Promise<LabSettings> {
  mkdirSync(lab.root, { recursive: true, mode: 0o700 });
  const settings = known ?? writeSettings(lab, await newSettings(lab, options));
  await makeCertificates(lab, settings);
  writeKubeconfigs(lab, apiServer(settings));
  if (hasReal(settings)) writeFileSync(lab.corefile, corefile(lab, settings));
  writeFileSync(lab.stages, stagesFile(tools.stages));
  return settings;
}

async function newSettings(lab: LabFolder, options: LabArguments): Promise<Omit<LabSettings, "layout">> {
  const stack = options.stack ?? "dev";
  const { nodesPerZone, zones } = stackPlan(stack);
  const unknown = Object.keys(options.real ?? {}).find((zone) => !zones.includes(zone));
  if (unknown !== undefined) {
    throw new UserError(`--real: Pulumi.${stack}.yaml has no zone "${unknown}"; it has ${zones.join(", ")}.`);
  }
  const ports = await choosePorts(options.port);
  const settings = {
    stack,
    nodesPerZone: options.nodesPerZone ?? nodesPerZone,
    timers: options.timers ?? "real",
    ports,
  } as const;
  if (options.real === undefined) return settings;
  if (options.port !== undefined) {
    throw new UserError(
      "--port cannot be chosen with --real: pods reach the API server at its Service's port.",
    );
  }
  const real = {
    subnet: await freeSubnet(lab),
    cpuManager: options.cpuManager ?? "none",
    zones: { ...options.real },
  } as const;
  return { ...settings, ports: { ...ports, api: SERVICE_PORT }, real };
}

// `down` removes the folder's content: it must be the lab's own.
function requireEmpty({ root }: LabFolder): void {
  let entries: string[] = [];
  try {
    entries = readdirSync(root);
  } catch {
    return;
  }
  const foreign = entries.find((entry) => !isOwnEntry(entry));
  if (foreign !== undefined) {
    throw new UserError(
      `${root} holds other files ("${foreign}"): give the lab a folder of its own with --state DIR.`,
    );
  }
}

/** Refuses options that contradict the lab that is there. */
export function requireSame(known: LabSettings, options: LabArguments): void {
  const { stack, port, nodesPerZone, timers, cpuManager, real } = options;
  const zones = (value: Readonly<Record<string, number>> | undefined): string | undefined =>
    value &&
    Object.entries(value)
      .map(([zone, count]) => `${zone}=${count}`)
      .join(",");
  const asked = [
    ["--timers", timers, known.timers],
    ["--cpu-manager", cpuManager, known.real?.cpuManager],
    ["--real", zones(real), zones(known.real?.zones) ?? "none"],
    ["--stack", stack, known.stack],
    ["--port", port, known.ports.api],
    ["--nodes-per-zone", nodesPerZone, known.nodesPerZone],
  ] as const;
  for (const [flag, wanted, has] of asked) {
    if (wanted !== undefined && wanted !== has) {
      throw new UserError(
        `the lab was made with ${flag} ${has}, not ${wanted}: take it down first (npm run lab -- down).`,
      );
    }
  }
}

// Of the disk on which the folder is, or will be.
function requireRoom({ root }: LabFolder): void {
  let place = root;
  while (!existsSync(place)) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  requireSpace(root, bavail * bsize);
}

/** Refuses a disk on which etcd would fail soon. */
export function requireSpace(folder: string, bytes: number): void {
  const free = Math.floor(bytes / 2 ** 20);
  if (free < NEEDED_MEBIBYTES) {
    throw new UserError(
      `the disk of ${folder} is full: the lab needs ${NEEDED_MEBIBYTES} MiB and ${free} are free. Make room, or use --state DIR on another disk.`,
    );
  }
}

/** Refuses to start a process of a lab whose port somebody took while it did not run. */
export async function requirePorts(
  name: ProcessName,
  settings: Pick<LabSettings, "ports" | "real">,
  { root }: Pick<LabFolder, "root">,
): Promise<void> {
  const { ports, real } = settings;
  const at = (host: string, ...numbers: readonly number[]) => numbers.map((port) => [host, port] as const);
  const listens: Readonly<Partial<Record<ProcessName, readonly (readonly [string, number])[]>>> = {
    etcd: at("127.0.0.1", ports.etcd, ports.etcdPeer),
    "kube-apiserver": at(apiHost(settings), ports.api),
    coredns: real === undefined ? [] : at(hostAddress(real.subnet), DNS_PORT),
  };
  for (const [host, port] of listens[name] ?? []) {
    if (await isFree(port, host)) continue;
    // At the lab's own addresses only somebody who listens at all of them can be in the way, for every lab alike.
    const instead =
      host === "127.0.0.1" ? "make a new lab: npm run lab -- down, then up" : "leave --real out";
    throw new UserError(
      `port ${port} of the lab in ${root} is taken by another process now. End that one, or ${instead}.`,
    );
  }
}

// Waits until a process works. A process that ends is not waited for.
async function until(
  stage: Stage,
  name: ProcessName,
  isReady: ((stage: Stage) => Promise<boolean>) | undefined,
): Promise<void> {
  const { lab, signal } = stage;
  const deadline = Date.now() + READY_MILLISECONDS;
  for (;;) {
    await sleep(POLL_MILLISECONDS, undefined, { signal });
    const all = processesFor(stage.settings);
    const dead = all.slice(0, all.indexOf(name) + 1).find((each) => runningPid(lab, each) === undefined);
    if (dead !== undefined) throw failure(lab, dead, "ended");
    if (isReady === undefined || (await isReady(stage).catch(() => false))) return;
    if (Date.now() > deadline) throw failure(lab, name, `did not work within ${READY_MILLISECONDS / 1000} s`);
  }
}

function failure(lab: LabFolder, name: ProcessName, what: string): UserError {
  const log = lab.log(name);
  return new UserError(`${name} ${what}: ${lastWords(readOptional(log) ?? "")}\nIts log is ${log}`);
}
