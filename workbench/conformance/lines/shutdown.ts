import { type Bench, type Engine, status } from "../bench";
import { SIMULATED_DELAY_MS } from "../budget";
import type { Exit } from "../process";
import { fail, type Line, pass, type Result, seconds, sleep } from "./line";

interface Drained {
  readonly engine: Engine;
  readonly exit: Exit | undefined;
  readonly ms: number;
  readonly open: readonly string[];
}

/** Trades, asks to stop, and waits as long as the budget. Nothing that the exchange does by itself helps the engine. */
async function drained(bench: Bench, ask: (engine: Engine) => Promise<unknown>): Promise<Drained> {
  bench.exchange.faults.cancelOnDisconnect = false;
  const engine = await bench.startTrading();
  const from = performance.now();
  await ask(engine);
  const exit = await engine.within(1000 * bench.times.drainBudgetSeconds);
  return { engine, exit, ms: (exit?.at ?? performance.now()) - from, open: bench.openOrders() };
}

const sigterm = async (engine: Engine) => engine.signal("SIGTERM");

function judge(bench: Bench, { exit, ms, open }: Drained): Result {
  const budget = bench.times.drainBudgetSeconds;
  if (exit === undefined) return fail(`It was still running after its budget of ${budget} s.`);
  if (open.length > 0) return fail(`It ended after ${seconds(ms)} with ${open.length} order(s) open.`);
  return { ...pass(`drained in ${seconds(ms)} of ${budget} s`), drainMs: ms };
}

/** Did it leave before it could know that its cancels worked? By confirmation, or by asking. */
function leftEarly(bench: Bench, at: number): boolean {
  const confirmed = new Set(
    bench
      .orders("confirmed")
      .filter((entry) => entry.at <= at)
      .map(({ id }) => id),
  );
  const asked = Math.max(0, ...bench.orders("status").map((entry) => entry.at));
  return bench
    .orders("cancelled")
    .some((entry) => entry.at <= at && !confirmed.has(entry.id) && asked < entry.at);
}

export const shutdownLines: readonly Line[] = [
  {
    id: "sigterm-cancels",
    promise: "SIGTERM cancels every open order within the declared budget, also at a slow exchange.",
    check: async (bench) => {
      bench.exchange.faults.cancelMs = SIMULATED_DELAY_MS;
      return judge(bench, await drained(bench, sigterm));
    },
  },
  {
    id: "waits-for-confirmations",
    promise: "It leaves only when the exchange has confirmed every cancel.",
    check: async (bench) => {
      bench.exchange.faults.confirmMs = SIMULATED_DELAY_MS;
      const seen = await drained(bench, sigterm);
      const verdict = judge(bench, seen);
      if (verdict.verdict === "PASS" && leftEarly(bench, seen.exit?.at ?? 0)) {
        return fail(`It left after ${seconds(seen.ms)}, before the exchange had confirmed its cancels.`);
      }
      return verdict;
    },
  },
  {
    id: "exit-zero",
    promise: "After a complete drain the exit code is 0.",
    check: async (bench) => {
      const { exit, engine } = await drained(bench, sigterm);
      if (exit === undefined) return fail("It did not end.");
      if (exit.signal !== null) return fail(`SIGTERM killed it (${exit.signal}): there is no handler.`);
      return exit.code === 0 ? pass() : fail(`It exited with ${exit.code}: ${engine.lastLine()}`);
    },
  },
  {
    id: "shutdown-cancels",
    promise: "/shutdown, the preStop hook, does what SIGTERM does.",
    check: async (bench) => {
      bench.exchange.faults.cancelMs = 300;
      let answer: number | undefined;
      const seen = await drained(bench, async ({ url }) => {
        answer = await status(`${url}/shutdown`);
      });
      if (answer === undefined || answer >= 400)
        return fail(`GET /shutdown was answered with ${answer ?? "nothing"}.`);
      return judge(bench, seen);
    },
  },
  {
    id: "shutdown-twice",
    promise: "/shutdown may come again, by GET or POST, and SIGTERM on top of it.",
    check: async (bench) => {
      bench.exchange.faults.cancelMs = 500;
      const seen = await drained(bench, async (engine) => {
        await status(`${engine.url}/shutdown`);
        await sleep(50);
        await status(`${engine.url}/shutdown`, "POST");
        await status(`${engine.url}/shutdown`);
        engine.signal("SIGTERM");
      });
      const verdict = judge(bench, seen);
      if (verdict.verdict !== "PASS" || seen.exit?.code === 0) return verdict;
      return fail(`Asked twice, it ended with ${seen.exit?.signal ?? `code ${seen.exit?.code}`}.`);
    },
  },
  {
    id: "not-ready-while-draining",
    promise: "/ready is no longer 200 once the drain has begun.",
    check: async (bench) => {
      bench.exchange.faults.cancelMs = 500;
      let answer: number | undefined;
      await drained(bench, async (engine) => {
        await status(`${engine.url}/shutdown`);
        await sleep(30);
        answer = await status(`${engine.url}/ready`);
      });
      return answer === 200 ? fail("/ready answered 200 during the drain.") : pass();
    },
  },
  {
    id: "bounded-drain",
    promise: "An exchange that confirms nothing does not hold it beyond its budget.",
    check: async (bench) => {
      const { exit, ms, engine } = await drained(bench, async (started) => {
        bench.exchange.faults.mute = true;
        started.signal("SIGTERM");
      });
      if (exit === undefined) return fail("It was still running after its budget: SIGKILL would end it.");
      if (exit.code === 0) return fail(`It exited with 0 after ${seconds(ms)} though orders were open.`);
      return engine.output.trim() === ""
        ? fail("It left orders open without a word.")
        : pass(`left after ${seconds(ms)}`);
    },
  },
];
