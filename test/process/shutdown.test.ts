import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isClean } from "../../examples/engine/exchange/ledger";
import { get, status } from "../../workbench/conformance/bench";
import { withBench } from "./support";

describe("the reference engine, shut down", () => {
  it("answers SIGTERM at a slow exchange with no open order and exit 0 inside its budget", () =>
    withBench(async (bench) => {
      bench.exchange.faults.cancelMs = 800;
      bench.exchange.faults.confirmMs = 700;
      bench.exchange.faults.cancelOnDisconnect = false;
      const engine = await bench.startTrading();
      const from = performance.now();
      engine.signal("SIGTERM");
      const exit = await engine.within(bench.times.drainBudgetSeconds * 1000);
      assert.equal(exit?.code, 0, engine.output);
      assert.ok((exit?.at ?? 0) - from > 750, "it left before the confirmations");
      assert.deepEqual(bench.openOrders(), []);
      assert.equal(bench.leases.holder("engine-0"), "", "the lease is given back");
    }));

  it("answers /shutdown by GET and POST, twice, and SIGTERM on top", () =>
    withBench(async (bench) => {
      bench.exchange.faults.cancelMs = 400;
      bench.exchange.faults.cancelOnDisconnect = false;
      const engine = await bench.startTrading();
      assert.equal(await status(`${engine.url}/shutdown`), 202);
      assert.equal(await status(`${engine.url}/shutdown`, "POST"), 202);
      assert.equal(await status(`${engine.url}/ready`), 503);
      engine.signal("SIGTERM");
      assert.equal((await engine.within(4000))?.code, 0, engine.output);
      assert.deepEqual(bench.openOrders(), []);
    }));

  it("says which orders are open, and exits 1 inside its budget, when the exchange confirms nothing", () =>
    withBench(async (bench) => {
      const engine = await bench.startTrading({ DRAIN_BUDGET_SECONDS: "1" });
      bench.exchange.faults.mute = true;
      engine.signal("SIGTERM");
      const exit = await engine.within(1500);
      assert.equal(exit?.code, 1, engine.output);
      assert.match(engine.output, /budget is used up/);
    }));

  it("reconnects while it drains", () =>
    withBench(async (bench) => {
      bench.exchange.faults.cancelMs = 300;
      bench.exchange.faults.cancelOnDisconnect = false;
      const engine = await bench.startTrading();
      engine.signal("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, 50));
      bench.exchange.disconnectAll();
      assert.equal((await engine.within(4000))?.code, 0, engine.output);
      assert.deepEqual(bench.openOrders(), []);
    }));

  it("serves health and metrics, and agrees with the exchange", () =>
    withBench(async (bench) => {
      bench.exchange.faults.fillEvery = 3;
      bench.exchange.faults.rejectEvery = 5;
      const engine = await bench.startTrading();
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.equal(await status(`${engine.url}/health`), 200);
      const metrics = await get(engine.metricsUrl);
      assert.match(metrics?.body ?? "", /^engine_phase\{pod="engine-0",ordinal="0",phase="trading"\} 1$/m);
      const audit = await bench.audit(engine);
      assert.ok(isClean(audit), JSON.stringify(audit));
    }));
});
