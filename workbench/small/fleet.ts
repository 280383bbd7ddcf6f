import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ZONE_LABEL } from "../../components/contract";
import type { KubeClient } from "../lab/kube-client";
import { simulatedNode } from "../lab/nodes";
import type { LabFolder } from "../lab/paths";
import type { RealSettings } from "../lab/real/configs";
import { importImage, removeNode, startNode } from "../lab/real/node";
import { nodeFolders } from "../lab/real/node-folder";
import type { LabTools } from "../lab/tools";
import { changedContent } from "./configure";
import { disksDetached } from "./disks";
import { drain, setCordon } from "./drain";
import { LABELS, type NodeGroup } from "./node-group";
import type { GroupNode, Step } from "./reconcile";

const nodesSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      spec: z.object({
        taints: z
          .array(
            z.object({
              key: z.string(),
              value: z.string().optional(),
              effect: z.string(),
              timeAdded: z.string().optional(),
            }),
          )
          .default([]),
      }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

/** Real kubelets, where the machine and the user allow them. */
export interface RealPart {
  readonly settings: RealSettings;
  readonly tools: LabTools;
  /** Zones whose trading nodes are real. */
  readonly zones: readonly string[];
  /** Archive of the engine's image, which every real node gets: there is no registry. */
  readonly image: string;
}

export interface FleetOptions {
  readonly lab: LabFolder;
  readonly client: KubeClient;
  readonly real: RealPart | undefined;
  /** How long a node's pods may take to leave; EKS gives them 15 minutes. */
  readonly evictionSeconds: number;
}

const POLL_MILLISECONDS = 250;
/** As long as the EBS driver's DaemonSet has for its hook: the default grace period. */
const DETACH_SECONDS = 30;

/** The nodes of all groups: the only place that makes and removes them. */
export class Fleet {
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** A group's nodes, by name. */
  async nodes(group: string): Promise<GroupNode[]> {
    const items = await this.#list(group);
    return items
      .map(({ metadata: { name, labels }, status }) => ({
        name,
        zone: labels[ZONE_LABEL] ?? "",
        revision: labels[LABELS.revision] ?? "",
        ready: status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True"),
      }))
      .sort((left, right) => left.name.localeCompare(right.name));
  }

  /** Gives running nodes the labels and taints of their group. */
  async configure(group: NodeGroup): Promise<void> {
    const { client } = this.#options;
    for (const { metadata, spec } of await this.#list(group.name)) {
      const content = changedContent(group, { labels: metadata.labels, taints: spec.taints });
      if (content === undefined) continue;
      const { labels, taints } = content;
      const body = { metadata: { labels }, spec: { taints } };
      const path = `/api/v1/nodes/${metadata.name}`;
      const { status } = await client.send("PATCH", path, body, "application/merge-patch+json");
      if (status >= 300) throw new Error(`${path}: ${status}`);
    }
  }

  /** Does one step of a group. `group` is undefined when the group is gone. */
  async perform(step: Step, group: NodeGroup | undefined, say: (line: string) => void): Promise<void> {
    switch (step.kind) {
      case "settled":
        return;
      case "wait":
        say(`waiting for ${step.node.name}`);
        await sleep(POLL_MILLISECONDS);
        return;
      case "create":
        if (group === undefined) return;
        say(`starting ${step.name} in ${step.zone}`);
        return await this.#create(group, step.name, step.zone);
      case "retire":
        return await this.#retire(step.node.name, say);
    }
  }

  /** Real nodes whose Node object somebody deleted: a kubelet that runs does not register again. */
  async removeForgotten(): Promise<void> {
    const { lab, client } = this.#options;
    for (const folder of nodeFolders(lab)) {
      const { status } = await client.send("GET", `/api/v1/nodes/${folder.request.name}`);
      if (status === 404) await removeNode(folder);
    }
  }

  async #list(group: string): Promise<z.infer<typeof nodesSchema>["items"]> {
    const selector = encodeURIComponent(`${LABELS.group}=${group}`);
    return nodesSchema.parse(await this.#options.client.get(`/api/v1/nodes?labelSelector=${selector}`)).items;
  }

  async #create(group: NodeGroup, name: string, zone: string): Promise<void> {
    const { lab, client, real } = this.#options;
    const { region, taints, capacity, allocatable } = group;
    const labels = { ...group.labels, [LABELS.group]: group.name, [LABELS.revision]: group.revision };
    // Only nodes with taints are for engines; what else there is needs no kubelet.
    if (real?.zones.includes(zone) !== true || taints.length === 0) {
      await client.create(simulatedNode(name, region, zone, labels, taints, capacity, allocatable));
      return;
    }
    const { settings, tools, image } = real;
    const request = {
      name,
      zone,
      labels: { ...labels, "topology.kubernetes.io/region": region },
      taints,
      cpuManager: settings.real.cpuManager,
    };
    await importImage(await startNode({ lab, settings, tools, client }, request), image);
  }

  async #retire(name: string, say: (line: string) => void): Promise<void> {
    const { lab, client, evictionSeconds } = this.#options;
    try {
      await drain(client, name, evictionSeconds, say);
    } catch (error) {
      await setCordon(client, name, false);
      throw error;
    }
    if (!(await disksDetached(client, name, DETACH_SECONDS, say))) {
      say(`${name} goes with disks attached: Kubernetes takes them away after six minutes`);
    }
    const folder = nodeFolders(lab).find(({ request }) => request.name === name);
    if (folder !== undefined) await removeNode(folder);
    await client.send("DELETE", `/api/v1/nodes/${name}`);
  }
}
