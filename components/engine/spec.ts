import type { EngineConfig } from "../../config/schema";
import { gracePeriodSeconds, shutdownBudget } from "../../config/shutdown";
import { mebibytes, seconds } from "../../config/units";
import type { EngineInputs } from "../contract";

/** Where an engine's pods may reach the Kubernetes API: their leases are held there. */
export interface ApiAccess {
  readonly cidrs: readonly string[];
  readonly ports: readonly number[];
}

/** One engine, completely decided: everything that its manifests are made from. Plain data. */
export interface EngineSpec extends EngineInputs {
  readonly name: string;
  readonly volume: EngineConfig["volume"];
  readonly memory: EngineConfig["memory"];
  readonly startupSeconds: number;
  readonly reconnectSeconds: number;
  readonly egress: EngineConfig["egress"];
  readonly callers: readonly string[];
  readonly credentials: Readonly<Record<string, string>>;
  readonly partition: number;
  readonly api: ApiAccess;
}

/** Ports of the engine contract: orders, drain and probes on the first, Prometheus on the second. */
export const PORTS = { http: 8080, metrics: 9090 } as const;

/**
 * Seconds until a volume whose node vanished can be attached elsewhere: the attach-detach controller waits this long
 * before it forces the detachment.
 * https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/faq.md
 */
const FORCED_DETACH = 6 * 60;
const ATTACH = 60;

/** Seconds an engine must stay ready before the next one is touched: the order book fills in this time. */
export const BOOK_WARM_UP = 10;

/** Everything that follows from an engine's config and from where it runs. */
export function engineSpec(
  name: string,
  config: EngineConfig,
  where: { zones: readonly string[]; storageClass: string; api: ApiAccess },
): EngineSpec {
  const budget = shutdownBudget(config.shutdown);
  return {
    name,
    namespace: config.namespace ?? name,
    image: config.image,
    markets: config.markets,
    cpus: config.cpus,
    memory: config.memory,
    memoryMebibytes: mebibytes(config.memory),
    volume: config.volume,
    shutdown: budget,
    gracePeriodSeconds: gracePeriodSeconds(budget),
    startupSeconds: seconds(config.startup),
    reconnectSeconds: seconds(config.reconnect),
    maxDisrupted: config.maxDisrupted,
    partition: config.partition,
    egress: config.egress,
    callers: config.callers,
    credentials: config.credentials,
    zones: where.zones,
    storageClass: where.storageClass,
    api: where.api,
  };
}

/** Name of the headless Service: the last stable part of every engine's address. */
export function serviceName({ name }: Pick<EngineSpec, "name">): string {
  return `${name}-headless`;
}

/** Name of the ConfigMap with the market map; fixed, so that a new market restarts nobody. */
export function marketMapName({ name }: Pick<EngineSpec, "name">): string {
  return `${name}-markets`;
}

/** Labels by which Service, budget and policies select the engine's pods. Immutable in the StatefulSet: never add one. */
export function selectorLabels({ name }: Pick<EngineSpec, "name">): Record<string, string> {
  return { "app.kubernetes.io/name": name };
}

/** An engine's address for the risk engine, with the markets behind it. */
export interface EngineEndpoint {
  readonly name: string;
  readonly ordinal: number;
  readonly markets: readonly string[];
  readonly namespace: string;
  readonly pod: string;
  readonly dns: string;
  readonly endpoint: string;
}

/** One endpoint for each ordinal, by its headless DNS name. */
export function endpoints(spec: EngineSpec): EngineEndpoint[] {
  return spec.markets.map((markets, ordinal) => {
    const pod = `${spec.name}-${ordinal}`;
    const dns = `${pod}.${serviceName(spec)}.${spec.namespace}.svc.cluster.local`;
    return {
      name: spec.name,
      ordinal,
      markets,
      namespace: spec.namespace,
      pod,
      dns,
      endpoint: `http://${dns}:${PORTS.http}`,
    };
  });
}

/**
 * Seconds that Pulumi waits for a roll-out: every pod in turn stops, has its volume moved in the worst case, replays
 * its log and fills its book. The provider's own ten minutes end before three engines with a lost node are back.
 */
export function awaitSeconds(
  spec: Pick<EngineSpec, "markets" | "gracePeriodSeconds" | "startupSeconds">,
): number {
  const { gracePeriodSeconds: grace, startupSeconds: replay } = spec;
  return spec.markets.length * (grace + FORCED_DETACH + ATTACH + replay + BOOK_WARM_UP);
}
