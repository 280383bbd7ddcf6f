/** Ordinals of each engine: as many as a large desk gives one. */
const ORDINALS = 20;
const ZONES = ["a", "b", "c", "d", "e", "f"].map((letter) => `us-east-1${letter}`);

/** Overrides for the dev stack file that make it a stack of many engines, each of twenty ordinals, over six zones. */
export function manyEngines(count: number): Record<string, unknown> {
  const engines = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`engine-${index}`, engine(index)]),
  );
  return {
    config: {
      "trading:region": "us-east-1",
      "trading:residency": { allowedRegions: ["us-east-1"] },
      "trading:network": { zones: ZONES },
      "trading:nodes": { enginesPerZone: count * Math.ceil(ORDINALS / ZONES.length) },
      "trading:engines": { "trading-engine": null, ...engines },
    },
  };
}

function engine(index: number) {
  return {
    image: `registry.example.com/trading/engine@sha256:${"a".repeat(64)}`,
    markets: Array.from({ length: ORDINALS }, (_, ordinal) => [`E${index}M${ordinal}`]),
    cpus: 1,
    memory: "1 GiB",
    volume: "20 GiB",
    shutdown: { cancelOrders: "30 seconds", confirmations: "10 seconds", flush: "1 second" },
  };
}
