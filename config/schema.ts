import { z } from "zod";
import { INSTANCE_METADATA } from "./cidr";
import {
  accountId,
  addonVersion,
  amiId,
  amiRelease,
  capacityReservation,
  cidr,
  dnsLabel,
  duration,
  environment,
  imageDigest,
  instanceType,
  kubernetesVersion,
  market,
  namespace,
  port,
  region,
  roleArn,
  secretArn,
  size,
  text,
  throughput,
  zone,
} from "./fields";
import { gibibytes } from "./units";

/**
 * The shape of `Pulumi.<environment>.yaml`, one schema per top-level key, with every default in this file.
 * Rules that concern two or more fields are in `rules/`.
 */

const residency = z.strictObject({
  /** Regions in which this environment may keep data or run engines. */
  allowedRegions: z.array(region).min(1),
});

const protection = z.strictObject({
  /** Pulumi's `protect` on everything that holds state: cluster, keys, StorageClass, namespaces, engines. */
  state: z.boolean().default(true),
  /** The EKS API refuses to delete the cluster. */
  cluster: z.boolean().default(true),
});

const network = z.strictObject({
  /** Range of the VPC; a /16 to /20 out of RFC 1918 or 100.64.0.0/10. */
  cidr,
  /** Availability zones by name: fixed per environment, since a change re-plans the subnets. */
  zones: z
    .array(zone)
    .min(2, { error: "must name at least two zones: an EKS control plane needs subnets in two" }),
  /** One NAT gateway for all zones, or one in each. The elastic IPs are what exchanges allow-list. */
  natGateways: z.enum(["single", "perZone"]).default("perZone"),
  /** Ranges that must stay free: peered VPCs, offices, exchange cross-connects. */
  reservedCidrs: z.array(cidr).default([]),
  /** How long VPC flow logs are kept. */
  flowLogRetention: z
    .enum(["1 day", "7 days", "14 days", "30 days", "90 days", "365 days"])
    .default("30 days"),
});

const addons = z.strictObject({
  vpcCni: addonVersion,
  kubeProxy: addonVersion,
  podIdentityAgent: addonVersion,
  coredns: addonVersion,
  ebsCsiDriver: addonVersion,
  snapshotController: addonVersion,
  nodeMonitoringAgent: addonVersion,
});

const eksCluster = z.strictObject({
  kind: z.literal("eks", { error: 'must be "eks" or "existing"' }),
  version: kubernetesVersion,
  /** `private`, or the public ranges from which the API may be reached. Pulumi itself must be in one of them. */
  endpoint: z.union([z.literal("private"), z.strictObject({ publicCidrs: z.array(cidr).min(1) })], {
    error: 'must be "private" or { publicCidrs: ["203.0.113.0/24", …] }',
  }),
  /** Range of ClusterIPs; must not overlap the VPC. */
  serviceCidr: cidr.default("172.20.0.0/16"),
  /** IAM roles that administer the cluster, beside the one that creates it. */
  admins: z.array(roleArn).default([]),
  addons,
  systemNodes: z.strictObject({
    instanceType: instanceType.default("m7i.large"),
    releaseVersion: amiRelease,
    /** Nodes for CoreDNS, the CSI controller and the like; spread over the zones. */
    count: z
      .int()
      .min(2, { error: "must be at least 2: CoreDNS and the CSI controller run two replicas" })
      .default(2),
  }),
});

const existingCluster = z.strictObject({
  kind: z.literal("existing"),
  /** Context of the kubeconfig; the cluster is someone else's, nothing of it is managed here. */
  context: z.string().min(1),
  /** Path of the kubeconfig file. @default - $KUBECONFIG, else ~/.kube/config */
  kubeconfig: z.string().min(1).optional(),
  /** Values of `topology.kubernetes.io/zone` over which engines are spread. */
  zones: z.array(z.string().min(1)).min(1),
  /** Range of ClusterIPs. */
  serviceCidr: cidr.default("10.96.0.0/12"),
});

const ami = z.discriminatedUnion(
  "mode",
  [
    /** AWS's own AMI: EKS adds the cluster's details to our user data. */
    z.strictObject({
      mode: z.literal("merge"),
      amiType: z.enum(["AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD"]),
      releaseVersion: amiRelease,
    }),
    /** An image of ours: the user data carries the whole NodeConfig. */
    z.strictObject({ mode: z.literal("own"), imageId: amiId, architecture: z.enum(["x86_64", "arm64"]) }),
  ],
  {
    error: (issue) =>
      issue.code === "invalid_union"
        ? 'must be "merge" (an AMI of AWS) or "own" (an AMI of yours)'
        : undefined,
  },
);

const onOrOff = z.enum(["on", "off"]).optional();

/** Every knob has its default, its meaning and its source in `tuning/knobs.ts`; one that is left out is not here. */
const knobs = z.strictObject({
  /** CPUs for network cards' interrupts: apart from engines, or each queue on an engine's own CPU. */
  networkInterrupts: z.enum(["housekeeping", "colocated"]).optional(),
  /** `off`: a card interrupts for each packet. */
  coalescing: z.enum(["off", "driver"]).optional(),
  receiveOffload: onOrOff,
  /** Microseconds that a blocking socket call polls before it sleeps; 0 is off. */
  busyPoll: z.int({ error: "must be a whole number of microseconds" }).min(0).optional(),
  idle: z.enum(["c1", "deep", "poll"]).optional(),
  transparentHugepages: z.enum(["never", "madvise", "always"]).optional(),
  /** Pages on each NUMA node. */
  hugepages2Mi: z.int({ error: "must be a whole number of pages" }).min(0).optional(),
  /** Pages on each NUMA node. */
  hugepages1Gi: z.int({ error: "must be a whole number of pages" }).min(0).optional(),
  fairServer: onOrOff,
  /** `off` opens this node's memory to every program on it, and is warned of at each deployment. */
  mitigations: onOrOff,
});

/** Quota of a managed node group. https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html */
export const MAX_NODES = 450;

const nodes = z.strictObject({
  instanceType,
  /** 1 switches hyper-threading off in the launch template. @default - as the type ships */
  threadsPerCore: z.union([z.literal(1), z.literal(2)], { error: "must be 1 or 2" }).optional(),
  /** Zones with engines, a node group each. @default - all zones of the network */
  zones: z.array(zone).min(1).optional(),
  /** Slots for engines in each zone: one node each. */
  enginesPerZone: z
    .int({ error: "must be a whole number of engines, at least 1" })
    .min(1, { error: "must be a whole number of engines, at least 1" })
    .max(MAX_NODES, {
      error: `must be at most ${MAX_NODES}, the nodes that one managed node group may have`,
    }),
  /** Idle nodes a zone, so that a lost node's engine has somewhere to go at once. */
  spareNodesPerZone: z.int().min(0).max(20).default(0),
  ami,
  tuning: z.enum(["off", "balanced", "static"]).default("balanced"),
  /** What may be chosen beyond the mode; without effect in mode `off`. */
  knobs: knobs.default({}),
  /** Physical cores kept for the kernel and the kubelet. @default - by the size of the type */
  housekeepingCores: z.int().min(1).optional(),
  rootVolume: size
    .refine((value) => gibibytes(value) >= 20 && gibibytes(value) <= 16_384, {
      error: "must be from 20 GiB, the size of the AMI's own snapshot, to 16 TiB",
    })
    .default("40 GiB"),
  /** Engines hold positions: an instance that can be taken away within two minutes is refused. */
  capacityType: z
    .literal("ON_DEMAND", {
      error: "must be ON_DEMAND: Spot takes an instance away after two minutes, with orders open",
    })
    .default("ON_DEMAND"),
  /** A cluster placement group brings nodes close together, in one zone only. */
  placement: z.enum(["none", "cluster"]).default("none"),
  /** Capacity reservation per zone. */
  capacityReservations: z.record(zone, capacityReservation).default({}),
  /** `MINIMAL` terminates before it launches: for metal and reservations without spare capacity. */
  updateStrategy: z.enum(["DEFAULT", "MINIMAL"]).default("DEFAULT"),
});

const ebsStorage = z.strictObject({
  kind: z.literal("ebs", { error: 'must be "ebs": on EKS the class is made here' }),
  className: dnsLabel.default("gp3-encrypted"),
  /** Baseline of gp3 is 3,000. */
  iops: z
    .int()
    .min(3000, { error: "must be at least 3000, the baseline of gp3" })
    .max(80_000, { error: "must be at most 80000, the limit of gp3" })
    .default(3000),
  throughput: throughput.default("125 MiB/s"),
  /** Makes the class the cluster's default. Workloads of this stack always name their class. */
  defaultClass: z.boolean().default(false),
  /** Named performance classes: a claim that names another one changes its volume in place, pods untouched. */
  volumeAttributes: z
    .record(dnsLabel, z.strictObject({ iops: z.int().min(3000).max(80_000), throughput }))
    .default({}),
  /** Snapshots of every engine volume, by Data Lifecycle Manager. */
  snapshots: z
    .strictObject({
      everyHours: z.union(
        [
          z.literal(1),
          z.literal(2),
          z.literal(3),
          z.literal(4),
          z.literal(6),
          z.literal(8),
          z.literal(12),
          z.literal(24),
        ],
        { error: "must be 1, 2, 3, 4, 6, 8, 12 or 24" },
      ),
      keep: z.int().min(1).max(1000),
    })
    .optional(),
});

/** A class that the cluster has already. */
const existingStorage = z.strictObject({
  kind: z.literal("existing", {
    error: 'must be "existing": the class of a cluster that exists is only named',
  }),
  className: z.string().min(1),
});

const shutdown = z.strictObject({
  /** Longest time to cancel all open orders. */
  cancelOrders: duration,
  /** Longest wait for the exchange to confirm the cancellations. */
  confirmations: duration,
  /** Longest flush of log and snapshot. */
  flush: duration,
  /** Margin on top of the sum. */
  slack: duration.default("15 seconds"),
});

const egressRule = z.strictObject({
  cidr,
  except: z.array(cidr).default([]),
  ports: z.array(port).min(1).default([443]),
});

/** One engine of the stack. */
export const engineSchema = z.strictObject({
  /** @default - the engine's name */
  namespace: namespace.optional(),
  image: imageDigest,
  /** One list per ordinal: its length is the number of replicas, its order is identity. */
  markets: z
    .array(
      z.array(market).min(1, {
        error:
          "must name at least one market: an ordinal without a market is a live engine that trades nothing",
      }),
    )
    .min(1, { error: "must assign markets to at least one ordinal" }),
  /** Whole CPUs, so that the kubelet gives exclusive ones; request and limit. */
  cpus: z
    .int({ error: "must be a whole number of CPUs: only whole CPUs are exclusive" })
    .min(1, { error: "must be at least 1" }),
  /** Request and limit. */
  memory: size,
  /** The engine's own volume: log and snapshots. */
  volume: size,
  shutdown,
  /** Longest replay of the log before the engine is ready. */
  startup: duration.default("2 minutes"),
  /** Longest reconnect to the exchange; the liveness probe waits longer than this. */
  reconnect: duration.default("30 seconds"),
  /** How many pods may be disrupted at once; with one market list a pod, that many markets are dark. */
  maxDisrupted: z.int().min(1).default(1),
  /** Where the engine may connect to: exchanges first of all. */
  egress: z
    .array(egressRule)
    .min(1)
    .default([{ cidr: "0.0.0.0/0", except: [INSTANCE_METADATA], ports: [443] }]),
  /** Namespaces whose pods may call the engine: the risk engine's, Prometheus'. */
  callers: z.array(dnsLabel).default([]),
  /** Secrets Manager ARN with the exchange credentials of each market. Never the credentials themselves. */
  credentials: z.record(z.string(), secretArn).default({}),
  /** Partition of the rolling update: ordinals below it keep the old image (canary). */
  partition: z.int().min(0).default(0),
});

/** The name of an engine: a key of `engines`, the name of its StatefulSet, and its namespace if it names no other. */
export const engineName = namespace;

const common = {
  environment,
  region,
  residency,
  protection: protection.default({ state: true, cluster: true }),
  engines: z
    .record(dnsLabel, engineSchema)
    .refine((engines) => Object.keys(engines).length > 0, { error: "must define at least one engine" }),
  tags: z.record(z.string(), text(/^.{0,256}$/, "must be at most 256 characters")).default({}),
};

/** An environment on EKS: everything is made here. */
export const eksSchema = z.strictObject({
  ...common,
  /** The only AWS account that this environment may be deployed to, whatever credentials the shell has. */
  accountId,
  network,
  cluster: eksCluster,
  nodes,
  storage: ebsStorage,
  registry: z
    .strictObject({ repository: text(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, "must be an ECR repository name") })
    .optional(),
});

/** An environment on a cluster that somebody else made. */
export const existingSchema = z.strictObject({
  ...common,
  cluster: existingCluster,
  storage: existingStorage,
});

export type EksConfig = z.infer<typeof eksSchema> & { readonly kind: "eks" };
export type ExistingConfig = z.infer<typeof existingSchema> & { readonly kind: "existing" };
export type EngineConfig = z.infer<typeof engineSchema>;
export type NetworkConfig = z.infer<typeof network>;
export type ClusterConfig = z.infer<typeof eksCluster>;
export type NodesConfig = z.infer<typeof nodes>;
export type EbsStorageConfig = z.infer<typeof ebsStorage>;
