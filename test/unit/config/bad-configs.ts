/** One wrong stack file: the dev stack with an edit, and what its author must read. */
export interface BadConfig {
  readonly what: string;
  /** Values by path; `undefined` removes a key. */
  readonly edit: Readonly<Record<string, unknown>>;
  readonly path: string;
  /** A part of the text that belongs to this problem and no other. */
  readonly problem: string;
  /** The value as shown. */
  readonly got: string;
}

const ENGINE = "engines.trading-engine";
const SECOND = {
  image: `registry.example.com/trading/other@sha256:${"a".repeat(64)}`,
  markets: [["XRPUSDT"], ["ADAUSDT"], ["DOTUSDT"]],
  cpus: 1,
  memory: "1 GiB",
  volume: "20 GiB",
  shutdown: { cancelOrders: "30 seconds", confirmations: "10 seconds", flush: "1 second" },
};

/** One edit of one value, which is also the value shown. */
function bad(what: string, path: string, value: unknown, problem: string): BadConfig {
  return { what, edit: { [path]: value }, path, problem, got: JSON.stringify(value) };
}

function missing(what: string, path: string, problem: string): BadConfig {
  return { what, edit: { [path]: undefined }, path, problem, got: "nothing" };
}

const unitsAndForms: readonly BadConfig[] = [
  bad("decimal unit", `${ENGINE}.memory`, "1 GB", 'a size with its unit, for example "50 GiB"'),
  bad("size without a unit", `${ENGINE}.volume`, "20", "a size with its unit"),
  bad("size as a number", `${ENGINE}.volume`, 20, "a size with its unit"),
  bad("unit without a space", "nodes.rootVolume", "40GiB", "a size with its unit"),
  bad("no size at all", "nodes.rootVolume", "0 GiB", "a size with its unit"),
  bad("duration without a unit", `${ENGINE}.shutdown.flush`, 1, 'for example "30 seconds"'),
  bad("duration in short", `${ENGINE}.startup`, "2m", 'for example "30 seconds"'),
  bad("throughput in bits", "storage.throughput", "125 Mbit/s", 'for example "125 MiB/s"'),
  bad("Kubernetes version as a number", "cluster.version", 1.35, "as a quoted string"),
  bad("Kubernetes version too old", "cluster.version", "1.29", 'from "1.33"'),
  bad("account id as a number", "accountId", 111111111111, "12 digits, quoted"),
  bad("account id too short", "accountId", "11111111111", "12 digits, quoted"),
  bad("region with a zone's letter", "region", "eu-central-1a", "must be an AWS region"),
  bad("malformed range", "network.cidr", "300.0.0.0/16", "an IPv4 range in CIDR form"),
  bad("zone in capitals", "network.zones[1]", "EU-CENTRAL-1B", "name of an availability zone"),
  bad("environment too long for the names of its roles", "environment", "e".repeat(25), "at most 24"),
  bad("text for a switch", "protection.state", "yes", "must be true or false"),
  bad("unknown choice", "network.natGateways", "none", 'must be one of "single", "perZone"'),
  bad("odd snapshot interval", "storage.snapshots.everyHours", 5, "must be 1, 2, 3, 4, 6, 8, 12 or 24"),
  bad("section that is a text", "network", "10.40.0.0/16", "a mapping of keys to values"),
  bad("section that is a list", "nodes.ami", [], "a mapping of keys to values"),
  bad("section left empty", "storage", null, "a mapping of keys to values"),
  bad("list that is a text", `${ENGINE}.callers`, "risk", "must be a list"),
  bad("unknown cluster kind", "cluster.kind", "gke", 'must be "eks" or "existing"'),
  bad("unknown AMI mode", "nodes.ami.mode", "baked", 'must be "merge"'),
  bad("unknown tuning mode", "nodes.tuning", "max", 'must be one of "off", "balanced", "static"'),
  bad("no allowed region", "residency.allowedRegions", [], "at least 1 entry"),
  bad("port out of range", `${ENGINE}.egress`, [{ cidr: "198.51.100.0/24", ports: [70000] }], "65535"),
].map((row) =>
  row.what === "port out of range" ? { ...row, path: `${ENGINE}.egress[0].ports[0]`, got: "70000" } : row,
);

const missingValues: readonly BadConfig[] = [
  missing("account id", "accountId", "is missing; must be an AWS account id"),
  missing("network section", "network", "is missing; must be a mapping"),
  missing("cluster section", "cluster", "is missing; must be a mapping"),
  missing("nodes section", "nodes", "is missing; must be a mapping"),
  missing("engines section", "engines", "is missing; must be a mapping"),
  missing("endpoint", "cluster.endpoint", 'is missing; must be "private" or'),
  missing("cluster kind", "cluster.kind", 'is missing; must be "eks" or "existing"'),
  missing("AMI mode", "nodes.ami.mode", 'is missing; must be "merge"'),
  missing("image", `${ENGINE}.image`, "is missing; must name the image by digest"),
  missing("shutdown phase", `${ENGINE}.shutdown.confirmations`, "is missing; must be a duration"),
  missing("add-on version", "cluster.addons.coredns", "is missing; must pin an add-on version"),
  {
    ...missing("id of an own AMI", "nodes.ami.imageId", "is missing; must be an AMI id"),
    edit: { "nodes.ami": { mode: "own", architecture: "x86_64" } },
  },
];

const markets: readonly BadConfig[] = [
  bad("market in lower case", `${ENGINE}.markets[0][0]`, "btcusdt", "a market symbol in capitals"),
  bad("empty market list", `${ENGINE}.markets[1]`, [], "an ordinal without a market"),
  bad("no markets", `${ENGINE}.markets`, [], "must assign markets to at least one ordinal"),
  bad(
    "market twice in one ordinal",
    `${ENGINE}.markets[0][1]`,
    "BTCUSDT",
    `already traded by ${ENGINE}.markets[0][0]`,
  ),
  bad(
    "market twice in two ordinals",
    `${ENGINE}.markets[2][0]`,
    "BTCUSD",
    `already traded by ${ENGINE}.markets[0][1]`,
  ),
  {
    what: "market twice in two engines",
    edit: { "engines.other": { ...SECOND, markets: [["ETHUSDT"]] }, "nodes.enginesPerZone": 2 },
    path: "engines.other.markets[0][0]",
    problem: `already traded by ${ENGINE}.markets[1][0]`,
    got: '"ETHUSDT"',
  },
];

const engines: readonly BadConfig[] = [
  bad("no engine", "engines", {}, "at least one engine"),
  bad("engines as a list", "engines", ["core"], "a mapping of keys to values"),
  {
    what: "engine name that is no DNS label",
    edit: { "engines.Other_Engine": SECOND, "nodes.enginesPerZone": 2 },
    path: "engines.Other_Engine",
    problem: "must be a DNS label",
    got: '"Other_Engine"',
  },
  {
    what: "two engines in one namespace",
    edit: { "engines.other": { ...SECOND, namespace: "trading" }, "nodes.enginesPerZone": 2 },
    path: "engines.other.namespace",
    problem: "already the namespace of engine trading-engine",
    got: '"trading"',
  },
  {
    what: "engine with the name of a namespace that is there already",
    edit: { "engines.default": SECOND, "nodes.enginesPerZone": 2 },
    path: "engines.default",
    problem: "belongs to Kubernetes",
    got: '"default"',
  },
  bad("namespace of the cluster itself", `${ENGINE}.namespace`, "kube-system", "belongs to Kubernetes"),
  bad("image without a digest", `${ENGINE}.image`, "registry.example.com/engine", "by digest"),
  bad("floating image tag", `${ENGINE}.image`, "registry.example.com/engine:latest", "a tag can move"),
  bad("short digest", `${ENGINE}.image`, "registry.example.com/engine@sha256:3b1f0c9d", "<64 hex digits>"),
  bad("fractional CPUs", `${ENGINE}.cpus`, 1.5, "only whole CPUs are exclusive"),
  bad("no CPU", `${ENGINE}.cpus`, 0, "must be at least 1"),
  {
    ...bad("odd CPUs on SMT", "nodes.threadsPerCore", undefined, "1 is odd"),
    path: `${ENGINE}.cpus`,
    got: "1",
  },
  bad("more CPUs than isolated", `${ENGINE}.cpus`, 4, "only 3 are isolated (CPUs 1-3; housekeeping has 0)"),
  bad("more CPUs than add-ons leave", `${ENGINE}.cpus`, 3, "190m for add-ons exceed the 3000m allocatable"),
  bad("more memory than allocatable", `${ENGINE}.memory`, "16 GiB", "MiB allocatable on c7i.2xlarge"),
  bad("no margin over the phases", `${ENGINE}.shutdown.slack`, "4 seconds", "use at least 5 seconds"),
  {
    what: "grace over the platform's window",
    edit: { [`${ENGINE}.shutdown.cancelOrders`]: "15 minutes" },
    path: `${ENGINE}.shutdown`,
    problem: "adds up to 926 seconds, over the 840",
    got: '{"cancelOrders":"15 minutes"',
  },
  bad("budget that lets all pods go", `${ENGINE}.maxDisrupted`, 3, "lets all 3 pods be evicted at once"),
  {
    ...bad("budget over a single pod", `${ENGINE}.maxDisrupted`, 2, "more than the engine's one pod"),
    edit: { [`${ENGINE}.maxDisrupted`]: 2, [`${ENGINE}.markets`]: [["BTCUSDT"]] },
  },
  bad("partition beyond the last ordinal", `${ENGINE}.partition`, 3, "beyond the last ordinal 2"),
];

const SECRET = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:exchange/x-AbCdEf";
const FOREIGN_SECRET = SECRET.replace("eu-central-1", "us-east-1");

const residency: readonly BadConfig[] = [
  {
    ...bad("region outside residency", "residency.allowedRegions", ["eu-west-1"], "outside residency"),
    path: "region",
    got: '"eu-central-1"',
  },
  {
    what: "credentials outside residency",
    edit: { [`${ENGINE}.markets`]: [["BTCUSDT"]], [`${ENGINE}.credentials`]: { BTCUSDT: FOREIGN_SECRET } },
    path: `${ENGINE}.credentials.BTCUSDT`,
    problem: "lies in us-east-1, outside residency",
    got: '"arn:aws:secretsmanager:us-east-1',
  },
  {
    what: "credentials for some markets only",
    edit: { [`${ENGINE}.credentials`]: { BTCUSDT: SECRET } },
    path: `${ENGINE}.credentials`,
    problem: "has no entry for BTCUSD, ETHUSDT, ETHUSD, SOLUSDT, SOLUSD",
    got: '["BTCUSDT"]',
  },
  {
    what: "credentials for a market that is not traded",
    edit: {
      [`${ENGINE}.markets`]: [["BTCUSDT"]],
      [`${ENGINE}.credentials`]: { BTCUSDT: SECRET, XRPUSDT: SECRET },
    },
    path: `${ENGINE}.credentials.XRPUSDT`,
    problem: "a market that this engine does not trade",
    got: '"XRPUSDT"',
  },
  {
    what: "the credentials themselves",
    edit: { [`${ENGINE}.credentials`]: { BTCUSDT: "hunter2" } },
    path: `${ENGINE}.credentials.BTCUSDT`,
    problem: "must be the complete ARN of a Secrets Manager secret",
    got: '"hunter2"',
  },
  {
    what: "credentials that are every secret of the account",
    edit: {
      [`${ENGINE}.credentials`]: { BTCUSDT: "arn:aws:secretsmanager:eu-central-1:111111111111:secret:*" },
    },
    path: `${ENGINE}.credentials.BTCUSDT`,
    problem: "must be the complete ARN",
    got: '"arn:aws:secretsmanager',
  },
  {
    what: "credentials of another account",
    edit: {
      [`${ENGINE}.markets`]: [["BTCUSDT"]],
      [`${ENGINE}.credentials`]: { BTCUSDT: SECRET.replace("111111111111", "999999999999") },
    },
    path: `${ENGINE}.credentials.BTCUSDT`,
    problem: "belongs to another account than accountId 111111111111",
    got: '"arn:aws:secretsmanager',
  },
  {
    what: "an egress exception outside its range",
    edit: { [`${ENGINE}.egress`]: [{ cidr: "10.0.0.0/16", except: ["192.168.0.0/16"] }] },
    path: `${ENGINE}.egress[0].except[0]`,
    problem: "must be a smaller range inside 10.0.0.0/16",
    got: '"192.168.0.0/16"',
  },
  {
    what: "egress to instance metadata",
    edit: { [`${ENGINE}.egress`]: [{ cidr: "169.254.169.254/32", ports: [80] }] },
    path: `${ENGINE}.egress[0].cidr`,
    problem: "opens instance metadata",
    got: '"169.254.169.254/32"',
  },
];

export const ENGINE_CONFIGS: readonly BadConfig[] = [
  ...unitsAndForms,
  ...missingValues,
  ...markets,
  ...engines,
  ...residency,
];
