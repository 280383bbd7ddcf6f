import { existsSync, readdirSync } from "node:fs";
import { UserError } from "../../offline/errors";
import type { LabFolder } from "../paths";
import { apiHost, type LabSettings } from "../settings";
import { labId, type NodeFolder } from "./node-folder";
import { run, tryRun } from "./run";

// The network of a lab's real nodes is one Ethernet segment, 10.77.N.0/24. The bridge is the host's own end (.1, where
// CoreDNS and the exchange listen); node i is .(10 + i), and its pods have thirty addresses from .(32 + 32 i) on.
// Nothing is translated, and nothing leaves the machine.

const NETWORKS = "/run/netns";
const SUBNETS = 250;

/** The host's address in a lab's network. */
export function hostAddress(subnet: number): string {
  return `10.77.${subnet}.1`;
}

/** A node's address. */
export function nodeAddress(subnet: number, index: number): string {
  return `10.77.${subnet}.${10 + index}`;
}

/** First and last address of a node's pods. */
export function podAddresses(subnet: number, index: number): readonly [first: string, last: string] {
  const start = 32 + 32 * index;
  return [`10.77.${subnet}.${start + 1}`, `10.77.${subnet}.${start + 30}`];
}

/** The third number of a lab's addresses: its own by preference, another one where that is in use. */
export async function freeSubnet(lab: LabFolder): Promise<number> {
  const routes = await run("ip", "-4", "route", "show", "table", "all");
  const used = new Set([...routes.matchAll(/10\.77\.(\d+)\./g)].map(([, number]) => Number(number)));
  const first = Number.parseInt(labId(lab), 16) % SUBNETS;
  for (let step = 0; step < SUBNETS; step += 1) {
    const subnet = 1 + ((first + step) % SUBNETS);
    if (!used.has(subnet)) return subnet;
  }
  throw new UserError("all networks from 10.77.1.0/24 to 10.77.250.0/24 are in use on this machine.");
}

/**
 * A bridge without an address of its own takes the lowest of its ports': with each node or pod that goes it would become
 * somebody else, and everybody who knew it would send into the void for seconds.
 */
export function hardwareAddress(lab: Pick<LabFolder, "lab">, number: number): string {
  const octets = labId(lab).match(/../g) ?? [];
  // The second bit of the first octet: administered locally.
  return ["02", "4c", ...octets, number.toString(16).padStart(2, "0")].join(":");
}

/** Makes the bridge, and gives it the address of the API server's Service. */
export async function makeBridge(lab: LabFolder, settings: LabSettings): Promise<void> {
  const bridge = bridgeOf(lab);
  const { real } = settings;
  if (real === undefined) return;
  if (!existsSync(`/sys/class/net/${bridge}`)) {
    await run("ip", "link", "add", bridge, "address", hardwareAddress(lab, 0), "type", "bridge");
  }
  // Also on a bridge that is there: a run that was killed half-way may have left it without.
  await run("ip", "address", "replace", `${hostAddress(real.subnet)}/24`, "dev", bridge);
  await run("ip", "address", "replace", `${apiHost(settings)}/32`, "dev", bridge);
  await run("ip", "link", "set", bridge, "up");
}

/** Makes a node's network namespace and plugs its cable in. */
export async function plugIn(lab: LabFolder, node: NodeFolder, subnet: number): Promise<void> {
  if (await isPlugged(node, subnet)) return;
  await unplug(node);
  await run("ip", "netns", "add", node.scope);
  const inside = (...args: readonly string[]) => run("ip", "-n", node.scope, ...args);
  await run("ip", "link", "add", node.cable, "type", "veth", "peer", "name", "eth0", "netns", node.scope);
  await run("ip", "link", "set", node.cable, "master", bridgeOf(lab), "up");
  // The pods' plugin adds their interfaces to this bridge: they are in the same segment as everything else.
  await inside("link", "add", "cni0", "address", hardwareAddress(lab, 1 + node.index), "type", "bridge");
  await inside("link", "set", "eth0", "master", "cni0", "up");
  await inside("link", "set", "lo", "up");
  await inside("address", "add", `${nodeAddress(subnet, node.index)}/24`, "dev", "cni0");
  await inside("link", "set", "cni0", "up");
  await inside("route", "add", `10.97.${subnet}.0/24`, "via", hostAddress(subnet));
}

// The route is the last thing that is made: without it a run was killed half-way.
async function isPlugged({ scope }: NodeFolder, subnet: number): Promise<boolean> {
  if (!existsSync(`${NETWORKS}/${scope}`)) return false;
  const routes = await run("ip", "-n", scope, "route").catch(() => "");
  return routes.includes(`10.97.${subnet}.0/24`);
}

/** Cuts a node off from everything but itself, or plugs it in again. */
export async function setCable(node: NodeFolder, state: "up" | "down"): Promise<void> {
  await run("ip", "link", "set", node.cable, state);
}

/** Removes a node's network. */
export async function unplug({ scope, cable }: Pick<NodeFolder, "scope" | "cable">): Promise<void> {
  // The cable's other end may outlive the namespace for as long as a pod's process holds it.
  await tryRun("ip", "link", "del", cable);
  if (existsSync(`${NETWORKS}/${scope}`)) await run("ip", "netns", "del", scope);
}

/** Removes everything of a lab's network, whatever made it and whether anybody remembers. */
export async function removeNetwork(lab: LabFolder): Promise<number> {
  const id = labId(lab);
  const scopes = entries(NETWORKS).filter((name) => name.startsWith(`lab-${id}-`));
  for (const scope of scopes) await run("ip", "netns", "del", scope);
  const links = entries("/sys/class/net").filter(
    (name) => name.startsWith(`l${id}n`) || name === bridgeOf(lab),
  );
  for (const link of links) await tryRun("ip", "link", "del", link);
  return scopes.length + links.length;
}

/** Words before a program that shall run in a node's network. */
export function inNetwork({ scope }: Pick<NodeFolder, "scope">): readonly [string, ...string[]] {
  // Not `ip netns exec`: its mount namespace of its own would hide the kubelet's mounts from containerd.
  return ["nsenter", `--net=${NETWORKS}/${scope}`, "--"];
}

function bridgeOf(lab: LabFolder): string {
  return `lab${labId(lab)}`;
}

function entries(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
