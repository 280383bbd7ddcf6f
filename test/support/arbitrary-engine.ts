import {
  type Arbitrary,
  array,
  boolean,
  constantFrom,
  integer,
  nat,
  option,
  record,
  subarray,
} from "fast-check";
import { largestEngine, type NodePlan } from "../../tuning";

/** What the engines of a generated config share: their node, and where they are. */
export interface EnginePlace {
  readonly plan: NodePlan;
  readonly region: string;
  /** GiB that EBS asks for at this stack's IOPS. */
  readonly leastVolume: number;
}

export type EngineDraft = typeof engineArbitrary extends Arbitrary<infer Draft> ? Draft : never;

const DIGEST = "3b1f0c9d7e5a4826b0d4f1e2a3c5968778695a4b3c2d1e0f1a2b3c4d5e6f7081";
const SYMBOLS = ["BTC-PERP", "ETH/USD", "SOL.USDT", "XRP_USDT", "1INCH:USD"] as const;

/** A record like any other object: fast-check's own sometimes has no prototype, which no YAML parser makes. */
export function plain<T>(model: { [K in keyof T]: Arbitrary<T[K]> }): Arbitrary<T> {
  return record(model, { noNullPrototype: true });
}

/** Numbers are shares of what the node and the rules leave; `engineConfig` turns them into values. */
export const engineArbitrary = record({
  ordinals: array(integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 9 }),
  cpuShare: integer({ min: 0, max: 100 }),
  memoryShare: integer({ min: 1, max: 100 }),
  volume: nat({ max: 2000 }),
  cancelOrders: integer({ min: 1, max: 500 }),
  confirmations: constantFrom("1 second", "20 seconds", "2 minutes"),
  flush: constantFrom("1 second", "5 seconds", "1 minute"),
  slack: constantFrom("15 seconds", "35 seconds", undefined),
  startup: constantFrom("30 seconds", "1 hour", undefined),
  reconnect: constantFrom("1 second", "5 minutes", undefined),
  disruptedShare: nat({ max: 100 }),
  partitionShare: nat({ max: 100 }),
  namespaced: boolean(),
  callers: subarray(["risk", "monitoring"]),
  credentials: boolean(),
  egress: option(
    array(
      plain({
        range: constantFrom(
          { cidr: "198.51.100.0/24", except: [] },
          { cidr: "198.51.100.0/24", except: ["198.51.100.7/32"] },
          { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] },
          { cidr: "0.0.0.0/0", except: [] },
        ),
        ports: subarray([443, 8443, 65_535], { minLength: 1 }),
      }).map(({ range, ports }) => ({ ...range, ports })),
      { minLength: 1, maxLength: 3 },
    ),
    { nil: undefined },
  ),
});

/** One engine that fits its node. Its markets carry its own number, so that no other engine has them. */
export function engineConfig(draft: EngineDraft, index: number, place: EnginePlace) {
  const markets = draft.ordinals.map((count, ordinal) =>
    Array.from({ length: count }, (_, market) => symbol(index, ordinal, market)),
  );
  const { cpus, memory } = resources(draft, place.plan);
  const pods = markets.length;
  return {
    ...(draft.namespaced ? { namespace: `ns-${index}` } : {}),
    image: `registry.example.com/engines/e${index}@sha256:${DIGEST}`,
    markets,
    cpus,
    memory,
    volume: `${place.leastVolume + draft.volume} GiB`,
    shutdown: {
      cancelOrders: `${draft.cancelOrders} seconds`,
      confirmations: draft.confirmations,
      flush: draft.flush,
      ...(draft.slack === undefined ? {} : { slack: draft.slack }),
    },
    ...(draft.startup === undefined ? {} : { startup: draft.startup }),
    ...(draft.reconnect === undefined ? {} : { reconnect: draft.reconnect }),
    maxDisrupted: 1 + Math.floor(((Math.max(pods, 2) - 2) * draft.disruptedShare) / 100),
    partition: Math.floor(((pods - 1) * draft.partitionShare) / 100),
    callers: draft.callers,
    ...(draft.egress === undefined ? {} : { egress: draft.egress }),
    ...(draft.credentials ? { credentials: credentials(markets, place.region) } : {}),
  };
}

function symbol(engine: number, ordinal: number, market: number): string {
  return `E${engine}-${ordinal}-${SYMBOLS[market % SYMBOLS.length]}`;
}

function resources({ cpuShare, memoryShare }: EngineDraft, plan: NodePlan) {
  const { threadsPerCore } = plan.cpus;
  const cores = largestEngine(plan) / threadsPerCore;
  const free = plan.allocatableMebibytes - plan.addonMebibytes;
  return {
    cpus: (1 + Math.floor(((cores - 1) * cpuShare) / 100)) * threadsPerCore,
    memory: `${Math.floor((free * memoryShare) / 100)} MiB`,
  };
}

function credentials(markets: readonly string[][], region: string): Record<string, string> {
  return Object.fromEntries(
    markets
      .flat()
      .map((market, index) => [
        market,
        `arn:aws:secretsmanager:${region}:111111111111:secret:exchange/m${index}-AbCdEf`,
      ]),
  );
}
