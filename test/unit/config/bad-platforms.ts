import type { BadConfig } from "./bad-configs";

const ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];

/** One edit of one value, which is also the value shown. */
function bad(what: string, path: string, value: unknown, problem: string): BadConfig {
  return { what, edit: { [path]: value }, path, problem, got: JSON.stringify(value) };
}

const network: readonly BadConfig[] = [
  bad("range too small", "network.cidr", "10.40.0.0/24", "is too small for subnets with pods"),
  bad("range too large", "network.cidr", "10.0.0.0/8", "is larger than a VPC may be"),
  bad("range with host bits", "network.cidr", "10.40.1.0/16", "does not start at the first address"),
  bad("public range", "network.cidr", "8.8.0.0/16", "is not private"),
  bad("range of the services", "network.cidr", "172.20.0.0/16", "overlaps cluster.serviceCidr"),
  {
    ...bad(
      "reserved range",
      "network.reservedCidrs",
      ["10.40.128.0/20"],
      "overlaps network.reservedCidrs[0]",
    ),
    path: "network.cidr",
    got: '"10.40.0.0/16"',
  },
  bad("services range too large", "cluster.serviceCidr", "172.0.0.0/8", "is not a range that EKS accepts"),
  bad(
    "services range not private",
    "cluster.serviceCidr",
    "100.64.0.0/16",
    "is not a range that EKS accepts",
  ),
  bad("one zone only", "network.zones", ["eu-central-1a"], "at least two zones"),
  bad("zone of another region", "network.zones[2]", "eu-west-1c", "is not a zone of region eu-central-1"),
  {
    ...bad("zone twice", "network.zones", [...ZONES, "eu-central-1a"], "is named twice"),
    path: "network.zones[3]",
    got: '"eu-central-1a"',
  },
  {
    ...bad(
      "zone without a place in the subnet plan",
      "network.zones",
      [...ZONES, "eu-central-1g"],
      "has no place in the subnet plan",
    ),
    path: "network.zones[3]",
    got: '"eu-central-1g"',
  },
  {
    ...bad(
      "reserved range with host bits",
      "network.reservedCidrs",
      ["10.47.255.0/12"],
      "does not start at the first",
    ),
    path: "network.reservedCidrs[0]",
    got: '"10.47.255.0/12"',
  },
  bad(
    "kube-proxy of another version",
    "cluster.addons.kubeProxy",
    "v1.34.0-eksbuild.2",
    "is not for Kubernetes 1.35",
  ),
  bad("root volume smaller than the AMI", "nodes.rootVolume", "1 MiB", "from 20 GiB"),
  {
    what: "more nodes than a group may have",
    edit: { "nodes.enginesPerZone": 450, "nodes.spareNodesPerZone": 1 },
    path: "nodes.spareNodesPerZone",
    problem: "a managed node group has at most 450",
    got: "1",
  },
];

const cluster: readonly BadConfig[] = [
  {
    ...bad(
      "API open to the world",
      "cluster.endpoint.publicCidrs",
      ["0.0.0.0/0"],
      "opens the Kubernetes API",
    ),
    path: "cluster.endpoint.publicCidrs[0]",
    got: '"0.0.0.0/0"',
  },
  bad("API by an unknown word", "cluster.endpoint", "public", 'must be "private" or'),
  bad("API from nowhere", "cluster.endpoint.publicCidrs", [], "at least 1 entry"),
  {
    ...bad("API from a malformed range", "cluster.endpoint.publicCidrs", ["10.0.0/8"], "an IPv4 range"),
    path: "cluster.endpoint.publicCidrs[0]",
    got: '"10.0.0/8"',
  },
  bad("floating add-on version", "cluster.addons.vpcCni", "latest", "must pin an add-on version"),
  bad("add-on version of upstream", "cluster.addons.coredns", "v1.13.1", "must pin an add-on version"),
  bad("one system node", "cluster.systemNodes.count", 1, "run two replicas"),
  bad("administrator who is no role", "cluster.admins", ["root"], "the ARN of an IAM role"),
  bad(
    "system release of another version",
    "cluster.systemNodes.releaseVersion",
    "1.34.2-20260715",
    "not a release for Kubernetes 1.35",
  ),
].map((row) =>
  row.what === "administrator who is no role" ? { ...row, path: "cluster.admins[0]", got: '"root"' } : row,
);

const nodes: readonly BadConfig[] = [
  bad("Spot", "nodes.capacityType", "SPOT", "must be ON_DEMAND"),
  bad("unpinned release", "nodes.ami.releaseVersion", "latest", "must pin an EKS AMI release"),
  bad(
    "release of another version",
    "nodes.ami.releaseVersion",
    "1.34.2-20260715",
    "not a release for Kubernetes 1.35",
  ),
  bad(
    "x86 type with an ARM image",
    "nodes.ami.amiType",
    "AL2023_ARM_64_STANDARD",
    "but c7i.2xlarge is x86_64",
  ),
  {
    ...bad("ARM type with an x86 image", "nodes.instanceType", "c8g.4xlarge", "but c8g.4xlarge is arm64"),
    path: "nodes.ami.amiType",
    got: '"AL2023_x86_64_STANDARD"',
  },
  {
    what: "own image of another architecture",
    edit: { "nodes.ami": { mode: "own", imageId: "ami-0123456789abcdef0", architecture: "arm64" } },
    path: "nodes.ami.architecture",
    problem: "but c7i.2xlarge is x86_64",
    got: '"arm64"',
  },
  bad("too small a type", "nodes.instanceType", "m7i.xlarge", "2 physical cores are too few"),
  bad("unknown type", "nodes.instanceType", "c7i.huge", "not a known instance type"),
  bad("no type at all", "nodes.instanceType", "large", "must be an EC2 instance type"),
  {
    ...bad("one thread per core on metal", "nodes.instanceType", "c7i.metal-24xl", "on a bare metal type"),
    path: "nodes.threadsPerCore",
    got: "1",
  },
  bad("three threads per core", "nodes.threadsPerCore", 3, "must be 1 or 2"),
  {
    what: "two threads per core on a type with one",
    edit: { "nodes.threadsPerCore": 2, "nodes.instanceType": "c7a.2xlarge" },
    path: "nodes.threadsPerCore",
    problem: "on a type that has 1",
    got: "2",
  },
  bad("unknown knob", "nodes.knobs.turbo", "on", "unknown key"),
  bad("knob that is no word of it", "nodes.knobs.idle", "never", 'must be one of "c1", "deep", "poll"'),
  bad("mitigations as a switch", "nodes.knobs.mitigations", false, 'must be one of "on", "off"'),
  bad("interrupts nowhere", "nodes.knobs.networkInterrupts", "none", '"housekeeping", "colocated"'),
  bad("half a microsecond of polling", "nodes.knobs.busyPoll", 0.5, "a whole number of microseconds"),
  bad("a second of polling", "nodes.knobs.busyPoll", 1_000_000, "give 0 to 1000"),
  bad("huge pages without end", "nodes.knobs.hugepages1Gi", 15, "15360 MiB of the machine's 16 GiB"),
  bad("fewer huge pages than none", "nodes.knobs.hugepages2Mi", -1, "a whole number of pages"),
  {
    ...bad("huge pages where the engine needs memory", "nodes.knobs.hugepages2Mi", 4000, "MiB allocatable"),
    edit: { "nodes.knobs.hugepages2Mi": 4000, "engines.trading-engine.memory": "8 GiB" },
    path: "engines.trading-engine.memory",
    got: '"8 GiB"',
  },
  {
    what: "polling idle on Graviton",
    edit: {
      "nodes.knobs": { idle: "poll" },
      "nodes.instanceType": "c8g.4xlarge",
      "nodes.threadsPerCore": undefined,
      "nodes.ami.amiType": "AL2023_ARM_64_STANDARD",
    },
    path: "nodes.knobs.idle",
    problem: "an argument of x86 kernels only",
    got: '"poll"',
  },
  bad("housekeeping on every core", "nodes.housekeepingCores", 4, "leave none to isolate"),
  {
    ...bad(
      "more engines than slots",
      "engines.trading-engine.markets",
      manyMarkets(7),
      "leaves 3 slots in 3 zones",
    ),
    path: "nodes.enginesPerZone",
    got: "1",
  },
  bad("more nodes than a group may have", "nodes.enginesPerZone", 451, "must be at most 450"),
  bad("half an engine a zone", "nodes.enginesPerZone", 0.5, "a whole number of engines"),
  {
    ...bad("zone without a subnet", "nodes.zones", [...ZONES.slice(0, 2), "eu-central-1d"], "has no subnet"),
    path: "nodes.zones[2]",
    got: '"eu-central-1d"',
  },
  {
    ...bad("engines' zone twice", "nodes.zones", [...ZONES, "eu-central-1b"], "is named twice"),
    path: "nodes.zones[3]",
    got: '"eu-central-1b"',
  },
  bad("placement cluster over three zones", "nodes.placement", "cluster", "lies in one zone"),
  {
    what: "reservation for a zone without engines",
    edit: { "nodes.capacityReservations": { "eu-central-1d": "cr-0123456789abcdef0" } },
    path: "nodes.capacityReservations.eu-central-1d",
    problem: "is for a zone without engines",
    got: '"eu-central-1d"',
  },
  {
    what: "reservation by name",
    edit: { "nodes.capacityReservations": { "eu-central-1a": "ours" } },
    path: "nodes.capacityReservations.eu-central-1a",
    problem: "must be a capacity reservation id",
    got: '"ours"',
  },
  {
    what: "reservation for something that is no zone",
    edit: { "nodes.capacityReservations": { everywhere: "cr-0123456789abcdef0" } },
    path: "nodes.capacityReservations.everywhere",
    problem: "name of an availability zone",
    got: '"everywhere"',
  },
];

const storage: readonly BadConfig[] = [
  bad("IOPS under the baseline", "storage.iops", 2000, "must be at least 3000, the baseline of gp3"),
  bad("IOPS over the limit", "storage.iops", 100_000, "must be at most 80000"),
  bad("throughput over a quarter of the IOPS", "storage.throughput", "1000 MiB/s", "at most 750 MiB/s"),
  bad("throughput under the baseline", "storage.throughput", "50 MiB/s", "below gp3's baseline"),
  {
    ...bad("volume too small for its IOPS", "storage.iops", 16_000, "use at least 32 GiB"),
    path: "engines.trading-engine.volume",
    got: '"20 GiB"',
  },
  bad("volume over gp3's limit", "engines.trading-engine.volume", "65 TiB", "use at most 64 TiB"),
  {
    what: "performance class with more throughput than its IOPS allow",
    edit: { "storage.volumeAttributes": { fast: { iops: 4000, throughput: "2000 MiB/s" } } },
    path: "storage.volumeAttributes.fast.throughput",
    problem: "at most 1000 MiB/s",
    got: '"2000 MiB/s"',
  },
  bad("another cluster's storage", "storage.kind", "existing", 'must be "ebs"'),
];

function manyMarkets(ordinals: number): string[][] {
  return Array.from({ length: ordinals }, (_, ordinal) => [`MARKET${ordinal}`]);
}

export const PLATFORM_CONFIGS: readonly BadConfig[] = [...network, ...cluster, ...nodes, ...storage];
