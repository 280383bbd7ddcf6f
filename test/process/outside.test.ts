import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "mocha";
import { get } from "../../workbench/conformance/bench";
import { checkOutside } from "../../workbench/conformance/outside";
import { freePort, Program, until } from "../../workbench/conformance/process";
import { program, withBench } from "./support";

describe("from outside", () => {
  it("the conformance command reads a running engine, and skips what would stop it", () =>
    withBench(async (bench) => {
      const engine = await bench.startTrading();
      const results = await checkOutside(engine);
      const verdicts = (verdict: string) =>
        [...results].filter(([, result]) => result.verdict === verdict).map(([id]) => id);
      assert.deepEqual(verdicts("FAIL"), []);
      assert.deepEqual(verdicts("PASS").sort(), ["health", "metrics", "unknown-path"]);
      assert.equal(engine.exit, undefined);
    }));

  it("the risk engine reads one engine, and says of the other that it does not answer", () =>
    withBench(async (bench) => {
      bench.exchange.faults.fillEvery = 2;
      const engine = await bench.startTrading();
      await until("a fill", 3000, () => bench.orders("fill").length > 0);
      const command = program("examples/engine/risk/main.ts");
      const good = new Program([...command, engine.url], {});
      assert.equal((await good.within(5000))?.code, 0, good.output);
      assert.match(good.output, /"exposure": \{\s+"BTC/);
      const bad = new Program([...command, "--patience", "0", engine.url, "http://127.0.0.1:1"], {});
      assert.equal((await bad.within(5000))?.code, 1, bad.output);
      assert.match(bad.output, /"ok": false/);
    }));

  it("an engine without Kubernetes holds its lease in a directory, and gives it back", () =>
    withBench(async (bench) => {
      // The URL, if there is one, goes first.
      const env = { LEASE_DIR: join(bench.directory, "leases"), LEASE_URL: "" };
      const first = await bench.startTrading(env);
      assert.equal(bench.leases.writes.length, 0);
      first.signal("SIGTERM");
      assert.equal((await first.within(4000))?.code, 0, first.output);
      const second = await bench.startTrading(env);
      assert.match(second.output, /"generation":2/);
    }));

  it("the exchange runs as a process, reports, and takes faults", async () => {
    const admin = await freePort();
    const url = `http://127.0.0.1:${admin}`;
    const exchange = new Program(program("examples/engine/exchange/main.ts"), {
      PORT: "0",
      ADMIN_PORT: String(admin),
      BIND_HOST: "127.0.0.1",
    });
    try {
      await until("health", 5000, async () => (await get(`${url}/health`))?.status === 200);
      const report = await get(`${url}/report`);
      assert.match(report?.body ?? "", /"accounts"/);
      const fault = await fetch(`${url}/faults`, { method: "POST", body: '{"cancleMs": 1}' });
      assert.equal(fault.status, 400);
      exchange.signal("SIGTERM");
      assert.equal((await exchange.within(2000))?.code, 0);
    } finally {
      await exchange.kill();
    }
  });
});
