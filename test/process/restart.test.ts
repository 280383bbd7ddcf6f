import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { isClean } from "../../examples/engine/exchange/ledger";
import { LOG_FILE } from "../../examples/engine/shell/log-store";
import { type Bench, POD, status } from "../../workbench/conformance/bench";
import { until } from "../../workbench/conformance/process";
import { withBench } from "./support";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An engine that has traded and was killed, with its log as it was left. */
async function killed(bench: Bench): Promise<string> {
  const engine = await bench.startTrading();
  await pause(200);
  await engine.kill();
  return join(bench.dataDir, LOG_FILE);
}

describe("the reference engine, started again", () => {
  it("comes back after kill -9 mid-order: same markets, log replayed, no id twice, nothing lost", () =>
    withBench(async (bench) => {
      bench.exchange.faults.fillEvery = 4;
      bench.exchange.faults.cancelOnDisconnect = false;
      const first = await bench.startTrading();
      // The order is at the exchange, and the engine never learns what became of it.
      let killedAt = "";
      bench.exchange.onOrder = ({ id }) => {
        if (killedAt !== "") return;
        killedAt = id;
        first.signal("SIGKILL");
      };
      await first.exited;
      const second = await bench.startTrading();
      await pause(300);
      const audit = await bench.audit(second);
      assert.ok(isClean(audit), JSON.stringify(audit));
      const ids = bench.orders().map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      const markets = new Set(bench.orders().map(({ market }) => market));
      assert.deepEqual([...markets].sort(), ["BTCUSD", "BTCUSDT"]);
      assert.match(second.output, /The log is replayed/);
      assert.notEqual(killedAt, "");
    }));

  it("three times over, killed at any moment", () =>
    withBench(async (bench) => {
      bench.exchange.faults.fillEvery = 3;
      for (const ms of [10, 35, 80]) {
        const engine = await bench.startTrading();
        await pause(ms);
        await engine.kill();
      }
      const last = await bench.startTrading();
      const audit = await bench.audit(last);
      assert.ok(isClean(audit), JSON.stringify(audit));
    }));

  it("cuts a torn tail off, and says so", () =>
    withBench(async (bench) => {
      const log = await killed(bench);
      const whole = statSync(log).size;
      truncateSync(log, whole - 3);
      const engine = await bench.startTrading();
      assert.match(engine.output, /never acknowledged; it is cut off/);
    }));

  it("refuses a log that is damaged in the middle, and leaves it as it is", () =>
    withBench(async (bench) => {
      const log = await killed(bench);
      const bytes = readFileSync(log);
      bytes.writeUInt8(bytes.readUInt8(60) ^ 0xff, 60);
      writeFileSync(log, bytes);
      copyFileSync(log, `${log}.copy`);
      const before = bench.orders().length;
      const engine = await bench.start();
      const exit = await engine.within(5000);
      assert.equal(exit?.code, 78, engine.output);
      assert.match(engine.output, /is damaged at byte \d+/);
      assert.deepEqual(readFileSync(log), readFileSync(`${log}.copy`));
      assert.equal(bench.orders().length, before);
    }));

  it("does not trade on an empty log beside an open position", () =>
    withBench(async (bench) => {
      bench.exchange.seedPosition(POD, "BTCUSDT", 7);
      const engine = await bench.start();
      await until("halted", 5000, () => engine.output.includes("Trading is halted"));
      await pause(200);
      assert.match(engine.output, /The log is empty, but the exchange reports a position of 7 in BTCUSDT/);
      assert.equal(bench.orders().length, 0);
      assert.equal(await status(`${engine.url}/ready`), 503);
      assert.equal(await status(`${engine.url}/health`), 200);
      engine.signal("SIGTERM");
      assert.equal((await engine.within(3000))?.code, 0);
    }));

  it("refuses an ordinal without markets, in one sentence", () =>
    withBench(async (bench) => {
      for (const [ordinal, words] of [
        ["7", /Ordinal 7 has no markets/],
        ["2", /market list of ordinal 2 in .* is empty/],
      ] as const) {
        const engine = await bench.start({ POD_NAME: `engine-${ordinal}`, POD_INDEX: ordinal });
        const exit = await engine.within(5000);
        assert.equal(exit?.code, 78, engine.output);
        assert.match(engine.output, words);
        assert.equal(engine.output.trim().split("\n").length, 1);
      }
      assert.ok(!existsSync(bench.dataDir));
    }));
});
