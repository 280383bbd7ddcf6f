import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isClean } from "../../../examples/engine/exchange/ledger";
import { type Bench, MARKETS, POD, status } from "../bench";
import { until } from "../process";
import { fail, files, type Line, mustBeIdle, pass, type Result, skip, sleep, watchIdle } from "./line";

function onVolume(directory: string, text: string): boolean {
  return files(directory).some((path) => readFileSync(path).includes(text));
}

/** Trades for a moment and dies without warning. */
async function tradedAndKilled(bench: Bench): Promise<void> {
  const engine = await bench.startTrading();
  await sleep(200);
  await engine.kill();
}

async function loggedBeforeSent(bench: Bench): Promise<Result> {
  const early: string[] = [];
  const seen: string[] = [];
  bench.exchange.onOrder = ({ id }) => {
    if (seen.length >= 20) return;
    seen.push(id);
    if (!onVolume(bench.dataDir, id)) early.push(id);
  };
  await bench.startTrading();
  await until("some orders", bench.times.startMs, () => seen.length >= 8);
  if (early.length === 0)
    return pass(`${seen.length} orders were on the volume before they were at the exchange`);
  await sleep(600);
  return early.some((id) => onVolume(bench.dataDir, id))
    ? fail(`Order ${early[0]} was at the exchange before it was in the log.`)
    : skip("The log does not hold client order ids as text, so it cannot be seen from outside.");
}

async function idsUnique(bench: Bench): Promise<Result> {
  const twice = () => bench.orders("duplicate")[0];
  for (let life = 0; life < 3 && twice() === undefined; life += 1) {
    const before = bench.orders("accepted").length;
    const engine = await bench.start();
    // An engine that reuses an id may never have an order accepted: either is an answer.
    await Promise.race([
      bench.untilTrading(engine, before),
      until("an id twice", bench.times.startMs, twice).catch(() => {}),
    ]);
    await sleep(200);
    await engine.kill();
  }
  const found = twice();
  return found === undefined
    ? pass(`${bench.orders().length} orders over three lives`)
    : fail(`After a restart it used the client order id ${found.id} again.`);
}

async function recovers(bench: Bench): Promise<Result> {
  bench.exchange.faults.fillEvery = 3;
  bench.exchange.faults.cancelOnDisconnect = false;
  const first = await bench.startTrading();
  let hit = false;
  bench.exchange.onOrder = () => {
    if (!hit) first.signal("SIGKILL");
    hit = true;
  };
  await first.exited;
  const second = await bench.startTrading();
  if ((await status(`${second.url}/positions`)) !== 200)
    return skip("/positions does not answer: no view to compare.");
  const audit = await bench.audit(second);
  return isClean(audit)
    ? pass()
    : fail(`After kill -9 mid-order it disagrees with the exchange: ${JSON.stringify(audit)}.`);
}

/** Only one side is filled, so that a position is there whenever it dies. */
function fillOneSide({ exchange }: Bench): void {
  let filled: string | undefined;
  exchange.onOrder = ({ side }) => {
    filled ??= side;
    exchange.faults.fillEvery = side === filled ? 1 : 0;
  };
}

async function refusesMovedMarket(bench: Bench): Promise<Result> {
  fillOneSide(bench);
  await tradedAndKilled(bench);
  const swapped = join(bench.directory, "swapped.json");
  writeFileSync(swapped, JSON.stringify({ "0": MARKETS["1"], "1": MARKETS["0"] }));
  const seen = await watchIdle(bench, { MARKETS_FILE: swapped }, 1200);
  const verdict = mustBeIdle(seen, "with a position in a market that is no longer its own");
  if (verdict.verdict !== "PASS") return verdict;
  if (seen.engine.output.trim() === "") return fail("It does not trade, and does not say why.");
  await seen.engine.kill();
  try {
    await bench.startTrading();
    return pass();
  } catch (error) {
    return fail(
      `It does not trade with its own list again: ${error instanceof Error ? error.message : "no reason"}`,
    );
  }
}

async function refusesDamage(bench: Bench): Promise<Result> {
  await tradedAndKilled(bench);
  const largest = files(bench.dataDir).sort((a, b) => statSync(b).size - statSync(a).size)[0];
  if (largest === undefined) return fail("There is no log on the volume.");
  const bytes = readFileSync(largest);
  if (bytes.length < 64)
    return fail(`The largest file on the volume has ${bytes.length} bytes: that is no log.`);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle);
  writeFileSync(largest, bytes);
  const verdict = mustBeIdle(await watchIdle(bench, {}, 1200), "on a log that is damaged in the middle");
  if (verdict.verdict !== "PASS") return verdict;
  const kept = existsSync(largest) && readFileSync(largest).subarray(0, bytes.length).equals(bytes);
  return kept ? pass() : fail("It changed the damaged log: what could still be read may be lost.");
}

async function toleratesTear(bench: Bench): Promise<Result> {
  await tradedAndKilled(bench);
  const newest = files(bench.dataDir).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (newest === undefined) return fail("There is no log on the volume.");
  truncateSync(newest, Math.max(0, statSync(newest).size - 3));
  try {
    await bench.startTrading();
    return pass();
  } catch (error) {
    return fail(
      `It does not come back after a write that a crash cut short: ${error instanceof Error ? error.message : ""}`,
    );
  }
}

const LIMIT_KIB = 16;

async function haltsWhenFull(bench: Bench): Promise<Result> {
  bench.exchange.faults.cancelOnDisconnect = false;
  const prefix = ["bash", "-c", `ulimit -f ${LIMIT_KIB}; exec "$@"`, "limited"];
  const engine = await bench.start({}, prefix);
  const full = () => files(bench.dataDir).some((path) => statSync(path).size >= LIMIT_KIB * 1024);
  const reached = await until("a full volume", 6000, full).catch(() => false);
  if (!reached)
    return skip(`No file of the log came to ${LIMIT_KIB} KiB, the limit that stands for a full volume.`);
  await sleep(300);
  const before = bench.orders().length;
  await sleep(500);
  if (bench.orders().length > before)
    return fail("It goes on sending orders that its log can no longer hold.");
  if (bench.openOrders().length > 0) return fail("It stopped, but left its orders open.");
  return engine.output.trim() === "" ? fail("It stopped without a word.") : pass();
}

export const logLines: readonly Line[] = [
  {
    id: "logged-before-sent",
    promise: "An order is in the log before it is at the exchange.",
    check: loggedBeforeSent,
  },
  { id: "ids-unique", promise: "Client order ids are unique across restarts.", check: idsUnique },
  {
    id: "recovers",
    promise: "After kill -9 mid-order it and the exchange agree: no order lost, none sent twice.",
    check: recovers,
  },
  {
    id: "empty-log",
    promise: "It does not trade on an empty log while the exchange reports a position.",
    withoutTrading: true,
    check: async (bench) => {
      bench.exchange.seedPosition(POD, "BTCUSDT", 7);
      return mustBeIdle(await watchIdle(bench, {}, 1200), "on an empty log beside an open position");
    },
  },
  {
    id: "moved-market",
    promise: "It does not trade while its log holds a position in a market that is not in its list.",
    check: refusesMovedMarket,
  },
  {
    id: "damaged-log",
    promise: "It refuses a log that is damaged in the middle, and leaves it as it is.",
    check: refusesDamage,
  },
  { id: "torn-tail", promise: "It comes back after a crash in the middle of a write.", check: toleratesTear },
  {
    id: "volume-full",
    promise: "A log that takes no more bytes halts trading, and cancels.",
    check: haltsWhenFull,
  },
];
