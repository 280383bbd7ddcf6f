import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { decodeLog } from "../../examples/engine/core/wal-codec";
import { isClean } from "../../examples/engine/exchange/ledger";
import { LOG_FILE } from "../../examples/engine/shell/log-store";
import { status } from "../../workbench/conformance/bench";
import { until } from "../../workbench/conformance/process";
import { withBench } from "./support";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("the reference engine, with something broken", () => {
  it("sends nothing after its renew deadline when it was stopped beyond it", () =>
    withBench(async (bench) => {
      const engine = await bench.startTrading();
      engine.signal("SIGSTOP");
      const lastRenewal = bench.leases.writes.at(-1)?.at ?? 0;
      const deadline = lastRenewal + bench.times.renewDeadlineMs;
      await pause(bench.times.leaseDurationMs + 100);
      assert.deepEqual(bench.openOrders(), [], "the dead-man switch cancelled them");
      bench.leases.steal("engine-0", "trading", "another");
      engine.signal("SIGCONT");
      await until("the loss is said", 3000, () => engine.output.includes("The lease is lost"));
      await pause(300);
      const late = bench.orders().filter(({ at }) => at > deadline);
      assert.deepEqual(late, []);
      assert.equal(await status(`${engine.url}/ready`), 503);
    }));

  it("leaves the log to its successor when it was stopped beyond its term", () =>
    withBench(async (bench) => {
      const first = await bench.startTrading();
      await until("orders that the switch will cancel", 3000, () => bench.openOrders().length > 1);
      first.signal("SIGSTOP");
      const frozenAt = bench.orders("dead-man").length;
      await until("the switch", 5000, () => bench.orders("dead-man").length > frozenAt);
      // Another pod: another holder of the lease, on the same volume.
      const second = await bench.startTrading({ IDENTITY_DIR: mkdtempSync(join(bench.directory, "pod-")) });
      // The confirmations have waited in its socket all the time.
      first.signal("SIGCONT");
      await until("the end is said", 6000, () => first.output.includes("The term is over"));
      await pause(300);
      const { ending } = decodeLog(readFileSync(join(bench.dataDir, LOG_FILE)));
      await second.kill();
      assert.notEqual(ending.kind, "corrupt", JSON.stringify(ending));
    }));

  it("halts when the API server is away past the deadline, and trades again when it is back", () =>
    withBench(async (bench) => {
      const engine = await bench.startTrading();
      bench.leases.outage = "hanging";
      const last = bench.leases.writes.at(-1)?.at ?? 0;
      await until("the loss is said", 3000, () => engine.output.includes("The lease is lost"));
      await until("every order is cancelled", 1000, () => bench.openOrders().length === 0);
      const late = bench.orders().filter(({ at }) => at > last + bench.times.renewDeadlineMs);
      assert.deepEqual(late, []);
      const before = bench.orders("accepted").length;
      bench.leases.outage = "none";
      await bench.untilTrading(engine, before);
      assert.ok(isClean(await bench.audit(engine)));
    }));

  it("of two instances with one lease one trades; the other follows when it is gone", () =>
    withBench(async (bench) => {
      const first = await bench.startTrading();
      const second = await bench.start({ IDENTITY_DIR: "/nonexistent" });
      await until("the second waits", 3000, () => second.output.includes("Another holds the lease"));
      await pause(bench.times.leaseDurationMs);
      assert.equal(bench.orders("connected").length, 1);
      assert.equal(await status(`${second.url}/ready`), 503);
      const before = bench.orders("accepted").length;
      first.signal("SIGTERM");
      await first.exited;
      await bench.untilTrading(second, before);
      assert.ok(isClean(await bench.audit(second)));
    }));

  it("an old term's orders are refused by an exchange that checks the token", () =>
    withBench(async (bench) => {
      bench.exchange.faults.fencing = true;
      const engine = await bench.startTrading();
      bench.exchange.ledger.account("engine-0").highestToken = 1000;
      await until("halted", 3000, () => engine.output.includes("fenced"));
      assert.equal(await status(`${engine.url}/ready`), 503);
    }));

  for (const skewMs of [5000, -5000]) {
    it(`halts when the exchange's clock is ${skewMs} ms off, and still cancels`, () =>
      withBench(async (bench) => {
        bench.exchange.faults.cancelOnDisconnect = false;
        const engine = await bench.startTrading();
        bench.exchange.faults.skewMs = skewMs;
        await until("halted", 3000, () => engine.output.includes("refuses our clock"));
        await until("every order is cancelled", 3000, () => bench.openOrders().length === 0);
        const count = bench.orders().length;
        await pause(200);
        assert.equal(bench.orders().length, count);
      }));
  }

  it("goes on when a frozen process sent an order too late: its clock is right", () =>
    withBench(async (bench) => {
      const engine = await bench.startTrading();
      // The exchange sees each order as if it had been under way for longer than its window, once.
      const before = bench.orders("rejected").length;
      bench.exchange.faults.lateMs = 1500;
      await until("an order that came too late", 3000, () => bench.orders("rejected").length > before);
      bench.exchange.faults.lateMs = 0;
      const accepted = bench.orders("accepted").length;
      await until("orders again", 3000, () => bench.orders("accepted").length > accepted);
      assert.equal(await status(`${engine.url}/ready`), 200);
      assert.doesNotMatch(engine.output, /halted/);
    }));

  for (const cancelOnDisconnect of [true, false]) {
    it(`survives disconnects, ${cancelOnDisconnect ? "with" : "without"} cancel-on-disconnect`, () =>
      withBench(async (bench) => {
        Object.assign(bench.exchange.faults, { cancelOnDisconnect, dropAfterOrders: 4, fillEvery: 3 });
        const engine = await bench.startTrading();
        await until("three connections", 5000, () => bench.orders("connected").length > 3);
        bench.exchange.faults.dropAfterOrders = 0;
        const audit = await bench.audit(engine);
        assert.ok(isClean(audit), JSON.stringify(audit));
      }));
  }

  it("halts before it acknowledges anything that a full volume did not take", () =>
    withBench(async (bench) => {
      bench.exchange.faults.cancelOnDisconnect = false;
      // A limit on the size of a file: the write fails half-way, as on a full disk.
      const engine = await bench.start({}, ["bash", "-c", 'ulimit -f 8; exec "$@"', "limited"]);
      await until("halted", 5000, () => engine.output.includes("The log cannot be written"));
      await until("every order is cancelled", 2000, () => bench.openOrders().length === 0);
      assert.equal(await status(`${engine.url}/ready`), 503);
      engine.signal("SIGTERM");
      assert.equal((await engine.within(3000))?.code, 0, engine.output);
      const again = await bench.startTrading();
      assert.ok(isClean(await bench.audit(again)));
    }));
});
