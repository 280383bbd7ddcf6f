import { sleep } from "../../../examples/engine/shell/sleep";
import { type Bench, get, status } from "../bench";
import { until } from "../process";
import { fail, type Line, mustBeIdle, pass, type Result, watchIdle } from "./line";

/** A sample line of Prometheus' text form; comments are not looked at. */
const SAMPLE = /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? [^ ]+( -?\d+)?$/;

/** What is wrong with a metrics page, if anything. */
export function metricsFault(body: string): string | undefined {
  const samples = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  if (samples.length === 0) return "it holds no sample";
  const bad = samples.find((line) => !SAMPLE.test(line));
  return bad === undefined ? undefined : `"${bad}" is not a sample`;
}

async function refusesOrdinal(bench: Bench, ordinal: string, what: string): Promise<Result | undefined> {
  const engine = await bench.start({ POD_NAME: `engine-${ordinal}`, POD_INDEX: ordinal });
  const enough = () => engine.exit !== undefined || bench.orders().length > 0;
  await until("an end or an order", bench.times.startMs / 2, enough).catch(() => {});
  const { exit } = engine;
  if (bench.orders().length > 0) return fail(`It traded with ${what}.`);
  if (exit === undefined) return fail(`It keeps running with ${what}; it must say why and exit.`);
  if (exit.code === 0) return fail(`It exits with code 0 with ${what}: nobody would notice.`);
  return engine.output.trim() === "" ? fail(`It exits without a word with ${what}.`) : undefined;
}

export const startLines: readonly Line[] = [
  {
    id: "unknown-ordinal",
    promise: "An ordinal without markets, or with none in its list, refuses to start.",
    withoutTrading: true,
    check: async (bench) =>
      (await refusesOrdinal(bench, "7", "an ordinal that is not in the market map")) ??
      (await refusesOrdinal(bench, "2", "an empty market list")) ??
      pass(),
  },
  {
    id: "own-markets",
    promise: "It trades the markets of its own ordinal, and no others.",
    check: async (bench) => {
      await bench.startTrading();
      const own = ["BTCUSDT", "BTCUSD"];
      const foreign = bench.orders().find(({ market }) => market === undefined || !own.includes(market));
      return foreign === undefined ? pass() : fail(`Ordinal 0 sent an order for ${foreign.market}.`);
    },
  },
  {
    id: "health",
    promise: "/health answers 200 while it is alive, also before it is ready.",
    withoutTrading: true,
    check: async (bench) => {
      bench.exchange.faults.mute = true;
      const engine = await bench.start();
      const end = performance.now() + bench.times.startMs;
      while (performance.now() < end && engine.exit === undefined) {
        if ((await status(`${engine.url}/health`)) === 200) return pass();
        await sleep(30);
      }
      return fail("/health never answered 200 while the exchange was silent.");
    },
  },
  {
    id: "ready-after-recovery",
    promise: "/ready is not 200 before the log is replayed and the exchange's state is known.",
    withoutTrading: true,
    check: async (bench) => {
      bench.exchange.faults.mute = true;
      return mustBeIdle(await watchIdle(bench), "before the exchange had answered");
    },
  },
  {
    id: "metrics",
    promise: "/metrics answers in Prometheus' text form.",
    check: async (bench) => {
      const engine = await bench.startTrading();
      const page = await get(engine.metricsUrl);
      if (page?.status !== 200)
        return fail(`/metrics on the metrics port answered ${page?.status ?? "nothing"}.`);
      const fault = metricsFault(page.body);
      return fault === undefined ? pass() : fail(`/metrics is not in the text form: ${fault}.`);
    },
  },
  {
    id: "unknown-path",
    promise: "A path that it does not know is answered with 404: probes of a typo must not pass.",
    withoutTrading: true,
    check: async (bench) => {
      const engine = await bench.start();
      const answer = await until("an answer", bench.times.startMs, () => status(`${engine.url}/redy`));
      return answer === 404 ? pass() : fail(`/redy was answered with ${answer}.`);
    },
  },
];
