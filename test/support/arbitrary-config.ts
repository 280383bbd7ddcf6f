import {
  type Arbitrary,
  array,
  boolean,
  constantFrom,
  integer,
  nat,
  option,
  record,
  shuffledSubarray,
  subarray,
  tuple,
} from "fast-check";
import type { NodePlan, NodeProfile } from "../../tuning";
import { INSTANCE_TYPES, instanceFacts, largestEngine, NodePlanError, planNode } from "../../tuning";
import { type EngineDraft, type EnginePlace, engineArbitrary, engineConfig, plain } from "./arbitrary-engine";

/**
 * Raw configs that the parser must accept, as widely as it accepts them: every instance type, mode, number of zones
 * and engines, both kinds of AMI. Random parts are drawn first and fitted to each other afterwards, so that shrinking
 * stays fast and every draw is valid.
 */
export function arbitraryRawConfig(): Arbitrary<Record<string, unknown>> {
  return tuple(environment, network, cluster, nodes, storage, array(engineArbitrary, ENGINES)).map(assemble);
}

const ENGINES = { minLength: 1, maxLength: 5 };
const REGIONS = ["eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-1", "us-gov-west-1"] as const;
const VERSIONS = ["1.33", "1.34", "1.35", "1.36"] as const;
const LETTERS = ["a", "b", "c", "d", "e", "f"] as const;
const RESERVATION = "cr-0123456789abcdef0";

const environment = record({
  name: constantFrom("dev", "staging", "prod", "p", "environment-of-24-letter"),
  region: constantFrom(...REGIONS),
  otherRegions: subarray([...REGIONS]),
  protection: option(plain({ state: boolean(), cluster: boolean() }), { nil: undefined }),
  tags: option(constantFrom({ "cost-center": "trading" }, {}), { nil: undefined }),
  registry: option(constantFrom({ repository: "trading/engine" }, { repository: "engine" }), {
    nil: undefined,
  }),
});

const network = record({
  zones: shuffledSubarray([...LETTERS], { minLength: 2 }),
  prefix: integer({ min: 16, max: 20 }),
  block: nat({ max: 255 }),
  natGateways: constantFrom("single", "perZone", undefined),
  reserved: subarray(["192.168.0.0/16", "172.16.0.0/16", "11.0.0.0/8"]),
  flowLogRetention: constantFrom("1 day", "365 days", undefined),
});

const cluster = record({
  version: constantFrom(...VERSIONS),
  publicCidrs: option(subarray(["203.0.113.0/24", "198.51.100.7/32"], { minLength: 1 }), { nil: undefined }),
  serviceCidr: constantFrom("172.20.0.0/16", "192.168.128.0/20", undefined),
  admins: subarray(["arn:aws:iam::111111111111:role/admin", "arn:aws:iam::111111111111:user/on-call"]),
  systemNodes: record({
    count: integer({ min: 2, max: 6 }),
    instanceType: constantFrom("m7i.large", "m7g.large"),
  }),
});

const nodes = record({
  instanceType: constantFrom(...Object.keys(INSTANCE_TYPES)).filter((type) => type !== "m7i.xlarge"),
  threads: boolean(),
  mode: constantFrom("off", "balanced", "static", undefined),
  housekeepingCores: option(integer({ min: 1, max: 12 }), { nil: undefined }),
  knobs: constantFrom(undefined, {}, { mitigations: "off" }, { networkInterrupts: "colocated", busyPoll: 0 }),
  zones: option(nat({ max: 5 }), { nil: undefined }),
  spareSlots: nat({ max: 2 }),
  spareNodesPerZone: nat({ max: 3 }),
  ownImage: boolean(),
  rootVolume: constantFrom("40 GiB", "512 GiB", "1 TiB"),
  cluster: boolean(),
  reserve: boolean(),
  updateStrategy: constantFrom("DEFAULT", "MINIMAL", undefined),
});

const storage = record({
  iops: integer({ min: 3000, max: 80_000 }),
  share: integer({ min: 0, max: 100 }),
  className: constantFrom("gp3-encrypted", "engine-volumes"),
  snapshots: option(
    plain({ everyHours: constantFrom(1, 2, 3, 4, 6, 8, 12, 24), keep: integer({ min: 1, max: 1000 }) }),
    {
      nil: undefined,
    },
  ),
  volumeAttributes: constantFrom(undefined, { fast: { iops: 16_000, throughput: "1000 MiB/s" } }),
});

type Drawn<T> = T extends Arbitrary<infer Value> ? Value : never;
type Draws = [
  Drawn<typeof environment>,
  Drawn<typeof network>,
  Drawn<typeof cluster>,
  Drawn<typeof nodes>,
  Drawn<typeof storage>,
  EngineDraft[],
];

function assemble([env, net, control, node, disk, drafts]: Draws): Record<string, unknown> {
  const zones = net.zones.map((letter) => `${env.region}${letter}`);
  const used = node.zones === undefined ? zones : zones.slice(0, node.zones + 1);
  const plan = planOf(node);
  const place: EnginePlace = { plan, region: env.region, leastVolume: Math.ceil(disk.iops / 500) };
  const engines = drafts.map((draft, index) => engineConfig(draft, index, place));
  const slots = engines.reduce((sum, { markets }) => sum + Math.ceil(markets.length / used.length), 0);
  return compact({
    environment: env.name,
    region: env.region,
    residency: { allowedRegions: [...new Set([env.region, ...env.otherRegions])] },
    accountId: "111111111111",
    protection: env.protection,
    tags: env.tags,
    registry: env.registry,
    network: networkConfig(net, zones),
    cluster: clusterConfig(control),
    nodes: nodesConfig(node, plan, { zones, used, slots, version: control.version }),
    storage: storageConfig(disk),
    engines: Object.fromEntries(engines.map((engine, index) => [`engine-${index}`, engine])),
  });
}

function networkConfig(net: Draws[1], zones: readonly string[]) {
  const third = Math.floor(net.block / 2 ** (24 - net.prefix)) * 2 ** (24 - net.prefix);
  return compact({
    cidr: net.prefix === 16 ? `10.${net.block}.0.0/16` : `10.77.${third}.0/${net.prefix}`,
    zones,
    natGateways: net.natGateways,
    reservedCidrs: net.reserved,
    flowLogRetention: net.flowLogRetention,
  });
}

function clusterConfig(control: Draws[2]) {
  const build = (version: string) => `v${version}-eksbuild.1`;
  return compact({
    kind: "eks",
    version: control.version,
    endpoint: control.publicCidrs === undefined ? "private" : { publicCidrs: control.publicCidrs },
    serviceCidr: control.serviceCidr,
    admins: control.admins,
    addons: {
      vpcCni: build("1.21.1"),
      kubeProxy: build(`${control.version}.0`),
      podIdentityAgent: build("1.3.10"),
      coredns: build("1.13.1"),
      ebsCsiDriver: build("1.64.0"),
      snapshotController: build("8.4.0"),
      nodeMonitoringAgent: build("1.5.1"),
    },
    systemNodes: { ...control.systemNodes, releaseVersion: `${control.version}.2-20260715` },
  });
}

interface NodePlace {
  readonly zones: readonly string[];
  readonly used: readonly string[];
  readonly slots: number;
  readonly version: string;
}

function nodesConfig(node: Draws[3], plan: NodePlan, { zones, used, slots, version }: NodePlace) {
  const arm = plan.architecture === "arm64";
  return compact({
    ...chosen(node),
    zones: used.length === zones.length ? undefined : used,
    enginesPerZone: slots + node.spareSlots,
    spareNodesPerZone: node.spareNodesPerZone,
    ami: node.ownImage
      ? { mode: "own", imageId: "ami-0123456789abcdef0", architecture: plan.architecture }
      : {
          mode: "merge",
          amiType: arm ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD",
          releaseVersion: `${version}.2-20260715`,
        },
    knobs: node.knobs,
    rootVolume: node.rootVolume,
    placement: node.cluster && used.length === 1 ? "cluster" : undefined,
    capacityReservations: node.reserve
      ? Object.fromEntries(used.map((zone) => [zone, RESERVATION]))
      : undefined,
    updateStrategy: node.updateStrategy,
  });
}

function storageConfig(disk: Draws[4]) {
  const most = Math.min(2000, Math.floor(disk.iops / 4));
  return compact({
    kind: "ebs",
    className: disk.className,
    iops: disk.iops,
    throughput: `${125 + Math.floor(((most - 125) * disk.share) / 100)} MiB/s`,
    snapshots: disk.snapshots,
    volumeAttributes: disk.volumeAttributes,
  });
}

/** The profile's own fields; those that this instance type cannot have are left out. */
function chosen({ instanceType, threads, mode, housekeepingCores }: Draws[3]) {
  const facts = instanceFacts(instanceType);
  const single = threads && facts?.virtualization === "virtual" && facts.threadsPerCore === 2;
  const base = compact({ instanceType, tuning: mode, threadsPerCore: single ? 1 : undefined });
  const cores = housekeepingCores ?? 0;
  const fits = facts !== undefined && cores >= facts.numaNodes && cores < facts.cores;
  const draft = { mode: mode ?? "balanced", instanceType, ...(single ? { threadsPerCore: 1 as const } : {}) };
  const leaves = fits && largest({ ...draft, housekeepingCores: cores, engineGraceSeconds: 30 }) > 0;
  return leaves ? { ...base, housekeepingCores: cores } : base;
}

function planOf(node: Draws[3]): NodePlan {
  const { threadsPerCore, housekeepingCores } = chosen(node);
  return planNode({
    instanceType: node.instanceType,
    mode: node.mode ?? "balanced",
    engineGraceSeconds: 30,
    ...(threadsPerCore === 1 ? { threadsPerCore } : {}),
    ...(typeof housekeepingCores === "number" ? { housekeepingCores } : {}),
  });
}

function largest(profile: NodeProfile): number {
  try {
    return largestEngine(planNode(profile));
  } catch (error) {
    if (error instanceof NodePlanError) return 0;
    throw error;
  }
}

/** Without the keys that are left out: YAML has no `undefined`. */
function compact(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
