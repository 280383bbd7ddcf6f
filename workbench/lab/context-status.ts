import { z } from "zod";
import { NODE_LABEL, NODE_TAINT, ZONE_LABEL } from "../../components/contract";
import type { ExistingConfig } from "../../config/schema";
import { UserError } from "../offline/errors";
import { type ContextRequest, contextAccess } from "./contexts";
import { KubeClient } from "./kube-client";
import { readStack } from "./stack-plan";

/** A node as far as engines care. */
export interface CandidateNode {
  readonly name: string;
  readonly ready: boolean;
  readonly tainted: boolean;
  readonly zone: string | undefined;
  /** CPUs that pods may be promised. */
  readonly cpus: number;
}

/** What of a cluster decides whether the stack can go there. */
export interface ClusterView {
  /** Those with the trading label. */
  readonly nodes: readonly CandidateNode[];
  /** Volume binding mode of each StorageClass. */
  readonly storageClasses: ReadonlyMap<string, string>;
}

const STACK = "local";

/** `lab status --context`: what the cluster has, and what `Pulumi.local.yaml` needs that is missing. */
export async function contextStatus(request: ContextRequest): Promise<{ text: string; fits: boolean }> {
  const config = readStack(STACK);
  if (config.kind !== "existing") throw new Error(`Pulumi.${STACK}.yaml is not for a cluster that exists`);
  const client = new KubeClient(contextAccess(request));
  try {
    const view = await readCluster(client);
    const missing = missingFor(config, view, request.context);
    return { text: describeCluster(request.context, view, missing), fits: missing.length === 0 };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`the cluster of context "${request.context}" cannot be looked at: ${reason}.`);
  } finally {
    client.close();
  }
}

/** What a stack needs that a cluster lacks, one sentence each; nothing means that it can go there. */
export function missingFor(
  { cluster, storage, engines }: Pick<ExistingConfig, "cluster" | "storage" | "engines">,
  { nodes, storageClasses }: ClusterView,
  context: string,
): string[] {
  const file = `Pulumi.${STACK}.yaml`;
  const pods = Object.values(engines).reduce((sum, { markets }) => sum + markets.length, 0);
  const cpus = Math.max(0, ...Object.values(engines).map((engine) => engine.cpus));
  const usable = nodes.filter((node) => node.ready && node.cpus >= cpus && isIn(cluster.zones, node.zone));
  const mode = storageClasses.get(storage.className);
  const empty = cluster.zones.filter((zone) => usable.every((node) => node.zone !== zone));
  const found: readonly (readonly [missing: boolean, what: string])[] = [
    [
      cluster.context !== context,
      `${file} deploys to the context "${cluster.context}": write context: ${context} into trading:cluster.`,
    ],
    [
      nodes.length === 0,
      `No node has the label ${NODE_LABEL.key}=${NODE_LABEL.value}: kubectl label node NAME ${NODE_LABEL.key}=${NODE_LABEL.value}.`,
    ],
    ...nodes.flatMap((node) => missingOf(node, cluster.zones, cpus)),
    [
      nodes.length > 0 && empty.length > 0,
      `No node that an engine can use is in ${empty.join(", ")}: trading:cluster.zones lists the zones that there must be.`,
    ],
    [
      usable.length < pods,
      `${pods} engines need ${pods} ready trading nodes, one each, and there ${usable.length === 1 ? "is" : "are"} ${usable.length}.`,
    ],
    [
      mode === undefined,
      `There is no StorageClass ${storage.className}: it has ${[...storageClasses.keys()].join(", ") || "none"}; name one in trading:storage.className.`,
    ],
    [
      mode !== undefined && mode !== "WaitForFirstConsumer",
      `The StorageClass ${storage.className} does not wait for a first consumer (volumeBindingMode ${mode}): its volumes may be where no engine can go.`,
    ],
  ];
  return found.filter(([isMissing]) => isMissing).map(([, what]) => what);
}

function missingOf(
  { name, ready, tainted, zone, cpus }: CandidateNode,
  zones: readonly string[],
  needed: number,
): (readonly [boolean, string])[] {
  const taint = `${NODE_TAINT.key}=${NODE_TAINT.value}:${NODE_TAINT.effect}`;
  return [
    [!ready, `Node ${name} is not ready.`],
    [!tainted, `Node ${name} lacks the taint that keeps others away: kubectl taint node ${name} ${taint}.`],
    [zone === undefined, `Node ${name} has no zone: kubectl label node ${name} ${ZONE_LABEL}=${zones[0]}.`],
    [
      zone !== undefined && !isIn(zones, zone),
      `Node ${name} is in ${zone}, which trading:cluster.zones does not list.`,
    ],
    [cpus < needed, `Node ${name} can promise ${cpus} CPUs, and an engine needs ${needed}.`],
  ];
}

function isIn(zones: readonly string[], zone: string | undefined): boolean {
  return zone !== undefined && zones.includes(zone);
}

/** In words, with what is missing last. */
export function describeCluster(
  context: string,
  { nodes, storageClasses }: ClusterView,
  missing: readonly string[],
): string {
  const ready = nodes.filter((node) => node.ready);
  const zones = [...new Set(ready.map(({ zone }) => zone ?? "no zone"))].sort();
  const away = nodes.filter((node) => !node.ready).map(({ name }) => name);
  const classes = [...storageClasses].map(([name, mode]) => `${name} (${mode})`);
  return [
    missing.length === 0
      ? `Pulumi.${STACK}.yaml can go to the context ${context}.`
      : `Pulumi.${STACK}.yaml cannot go to the context ${context} yet.`,
    `  trading nodes     ${ready.length} ready${zones.length > 0 ? ` in ${zones.join(", ")}` : ""}${away.length > 0 ? `; not ready: ${away.join(", ")}` : ""}`,
    `  storage classes   ${classes.join(", ") || "none"}`,
    ...missing.map((what) => `  missing           ${what}`),
    "  Not looked at: whether its nodes can pull the engines' images, and whether it has an exchange.",
  ].join("\n");
}

const nodesSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      spec: z.object({
        taints: z
          .array(z.object({ key: z.string(), value: z.string().optional(), effect: z.string() }))
          .default([]),
      }),
      status: z.object({
        allocatable: z.object({ cpu: z.string() }).optional(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});
const classesSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      volumeBindingMode: z.string().default("Immediate"),
    }),
  ),
});

async function readCluster(client: KubeClient): Promise<ClusterView> {
  const selector = encodeURIComponent(`${NODE_LABEL.key}=${NODE_LABEL.value}`);
  const { items } = nodesSchema.parse(await client.get(`/api/v1/nodes?labelSelector=${selector}`));
  const classes = classesSchema.parse(await client.get("/apis/storage.k8s.io/v1/storageclasses"));
  return {
    nodes: items.map(candidate),
    storageClasses: new Map(
      classes.items.map(({ metadata, volumeBindingMode }) => [metadata.name, volumeBindingMode]),
    ),
  };
}

function candidate({ metadata, spec, status }: z.infer<typeof nodesSchema>["items"][number]): CandidateNode {
  const { key, value, effect } = NODE_TAINT;
  return {
    name: metadata.name,
    ready: status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True"),
    tainted: spec.taints.some(
      (taint) => taint.key === key && taint.value === value && taint.effect === effect,
    ),
    zone: metadata.labels[ZONE_LABEL],
    cpus: cpusOf(status.allocatable?.cpu ?? "0"),
  };
}

/** CPUs in a Kubernetes quantity: 4, 3920m. */
export function cpusOf(quantity: string): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}
