import { fields, parseJson, reason } from "./json";

export type Env = Readonly<Record<string, string | undefined>>;

/** A state in which the engine must not start, or must not trade. The message is one sentence for a human. */
export class Refusal extends Error {}

/** Where the lease is kept: the API server of the cluster, another base URL with the same API, or a directory. */
export type LeaseSource =
  | { readonly kind: "cluster"; readonly host: string; readonly port: string }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "directory"; readonly directory: string };

export interface Settings {
  readonly podName: string;
  readonly namespace: string;
  readonly nodeName: string;
  readonly ordinal: number;
  readonly markets: readonly string[];
  readonly dataDir: string;
  readonly drainBudgetMs: number;
  readonly httpPort: number;
  readonly metricsPort: number;
  readonly host: string;
  /** Survives a restart of the container and nothing else; undefined: every process is a new holder. */
  readonly identityDir: string | undefined;
  readonly exchange: {
    readonly host: string;
    readonly port: number;
    readonly secret: string;
    /** An order that arrives later than this after it was signed is refused by the exchange. */
    readonly windowMs: number;
    /** Silence after which the exchange cancels everything by itself; 0 leaves the switch off. */
    readonly deadManMs: number;
    readonly maxSkewMs: number;
  };
  readonly lease: {
    readonly source: LeaseSource;
    readonly name: string;
    readonly durationMs: number;
    readonly renewDeadlineMs: number;
    readonly retryMs: number;
  };
  readonly quoteMs: number;
  readonly maxOpenPerMarket: number;
  readonly snapshotBytes: number;
}

/** Where the lab's simulator listens when nothing else is said. */
export const DEFAULT_EXCHANGE = "tcp://exchange.exchange.svc.cluster.local:7070";

/** Everything the engine is told from outside. Throws a {@link Refusal}: a wrong guess here is somebody else's market. */
export function readSettings(env: Env, readFile: (path: string) => string): Settings {
  const podName = required(env, "POD_NAME");
  const ordinal = readOrdinal(env, podName);
  const engineName = env["ENGINE_NAME"] ?? podName.slice(0, podName.lastIndexOf("-"));
  if (podName !== `${engineName}-${ordinal}`) {
    throw new Refusal(`POD_NAME is ${podName}, but ENGINE_NAME and ordinal say ${engineName}-${ordinal}.`);
  }
  const drainBudgetMs = 1000 * positive(env, "DRAIN_BUDGET_SECONDS", 60);
  return {
    podName,
    ordinal,
    namespace: env["POD_NAMESPACE"] ?? "default",
    nodeName: env["NODE_NAME"] ?? "unknown",
    markets: readMarkets(required(env, "MARKETS_FILE"), ordinal, readFile),
    dataDir: required(env, "DATA_DIR"),
    drainBudgetMs,
    httpPort: positive(env, "HTTP_PORT", 8080),
    metricsPort: positive(env, "METRICS_PORT", 9090),
    host: env["BIND_HOST"] ?? "0.0.0.0",
    identityDir: env["IDENTITY_DIR"] ?? (env["KUBERNETES_SERVICE_HOST"] === undefined ? undefined : "/tmp"),
    exchange: readExchange(env),
    lease: readLease(env, `${engineName}-${ordinal}`),
    quoteMs: positive(env, "QUOTE_INTERVAL_MS", 1000),
    maxOpenPerMarket: positive(env, "MAX_OPEN_ORDERS", 3),
    snapshotBytes: positive(env, "SNAPSHOT_BYTES", 4 * 1024 * 1024),
  };
}

function required(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Refusal(`${name} is not set.`);
  return value;
}

function positive(env: Env, name: string, otherwise: number): number {
  const value = env[name];
  if (value === undefined || value === "") return otherwise;
  const parsed = Number(value);
  if (Number.isFinite(parsed) && parsed > 0) return parsed;
  throw new Refusal(`${name} is "${value}", not a number above 0.`);
}

/** The label and the name must agree: one of them copied by hand is how two engines get one market. */
function readOrdinal(env: Env, podName: string): number {
  const suffix = /-(\d+)$/.exec(podName)?.[1];
  const index = env["POD_INDEX"] === undefined || env["POD_INDEX"] === "" ? suffix : env["POD_INDEX"];
  if (suffix === undefined || index === undefined) {
    throw new Refusal(`POD_NAME is "${podName}", which does not end in an ordinal.`);
  }
  if (!/^\d+$/.test(index) || Number(index) !== Number(suffix)) {
    throw new Refusal(`POD_INDEX is "${index}", but POD_NAME is "${podName}".`);
  }
  return Number(index);
}

/** The markets of one ordinal, in the form `{"0": ["BTCUSDT"], …}`. */
export function readMarkets(path: string, ordinal: number, readFile: (path: string) => string): string[] {
  let map: Readonly<Record<string, unknown>>;
  try {
    map = fields(parseJson(readFile(path)), "the market map");
  } catch (error) {
    throw new Refusal(`The market map ${path} cannot be read: ${reason(error)}.`);
  }
  const mine = map[String(ordinal)];
  if (mine === undefined) {
    const known = Object.keys(map).join(", ") || "none";
    throw new Refusal(`Ordinal ${ordinal} has no markets in ${path} (ordinals there: ${known}).`);
  }
  if (!Array.isArray(mine) || mine.length === 0) {
    throw new Refusal(`The market list of ordinal ${ordinal} in ${path} is empty.`);
  }
  return mine.map((market: unknown) => {
    if (typeof market === "string" && market !== "") return market;
    throw new Refusal(`The market list of ordinal ${ordinal} in ${path} holds something that is not a name.`);
  });
}

function readExchange(env: Env): Settings["exchange"] {
  const url = env["EXCHANGE_URL"] ?? DEFAULT_EXCHANGE;
  const match = /^tcp:\/\/([^:/]+):(\d+)$/.exec(url);
  if (match?.[1] === undefined) throw new Refusal(`EXCHANGE_URL is "${url}", not tcp://host:port.`);
  return {
    host: match[1],
    port: Number(match[2]),
    secret: env["EXCHANGE_SECRET"] ?? "simulator",
    windowMs: positive(env, "ORDER_WINDOW_MS", 1000),
    deadManMs: positive(env, "DEAD_MAN_MS", 5000),
    maxSkewMs: positive(env, "MAX_SKEW_MS", 1000),
  };
}

function readLease(env: Env, name: string): Settings["lease"] {
  const durationMs = positive(env, "LEASE_DURATION_MS", 15_000);
  const renewDeadlineMs = positive(env, "LEASE_RENEW_DEADLINE_MS", 10_000);
  const retryMs = positive(env, "LEASE_RETRY_MS", 2000);
  if (!(retryMs < renewDeadlineMs && renewDeadlineMs < durationMs)) {
    throw new Refusal(
      `The lease times must grow: retry ${retryMs} ms < renew deadline ${renewDeadlineMs} ms < duration ${durationMs} ms.`,
    );
  }
  return { source: leaseSource(env), name, durationMs, renewDeadlineMs, retryMs };
}

function leaseSource(env: Env): LeaseSource {
  const url = env["LEASE_URL"];
  if (url !== undefined && url !== "") return { kind: "url", url };
  const directory = env["LEASE_DIR"];
  if (directory !== undefined) return { kind: "directory", directory };
  const host = env["KUBERNETES_SERVICE_HOST"];
  if (host !== undefined) return { kind: "cluster", host, port: env["KUBERNETES_SERVICE_PORT"] ?? "443" };
  throw new Refusal("There is nowhere to hold a lease: neither in a cluster, nor LEASE_URL, nor LEASE_DIR.");
}
