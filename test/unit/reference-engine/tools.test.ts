import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "mocha";
import { readFaults } from "../../../examples/engine/exchange/faults";
import { isClean, Ledger } from "../../../examples/engine/exchange/ledger";
import { exposure, readPositions } from "../../../examples/engine/risk/client";
import { boundPort } from "../../../examples/engine/shell/http";
import { readArguments } from "../../../workbench/conformance/arguments";
import { LINES } from "../../../workbench/conformance/lines";
import { metricsFault } from "../../../workbench/conformance/lines/start";
import { unsyncedOrders } from "../../../workbench/conformance/lines/synced";

describe("the ledger", () => {
  it("names what was lost, imagined, doubled and miscounted", () => {
    const ledger = new Ledger();
    const order = { id: "a", market: "BTC", side: "buy", qty: 2, price: 1 } as const;
    ledger.account("e").orders.set("a", { order, state: "open" });
    assert.deepEqual(ledger.audit("e", { positions: {}, openOrders: ["b"] }).lost, ["a"]);
    assert.deepEqual(ledger.audit("e", { positions: {}, openOrders: ["a", "b"] }).ghosts, ["b"]);
    ledger.fill("e", order);
    assert.deepEqual(ledger.audit("e", { positions: {}, openOrders: [] }).positionsDiffer, ["BTC"]);
    assert.ok(isClean(ledger.audit("e", { positions: { BTC: 2 }, openOrders: [] })));
    ledger.note({ kind: "duplicate", account: "e", id: "a" });
    assert.ok(!isClean(ledger.audit("e", { positions: { BTC: 2 }, openOrders: [] })));
  });

  it("takes only faults that exist", () => {
    assert.deepEqual(readFaults({ cancelMs: 3, fencing: true }), { cancelMs: 3, fencing: true });
    assert.throws(() => readFaults({ cancleMs: 3 }), /"cancleMs" is not a fault/);
    assert.throws(() => readFaults({ mute: 1 }), /not true or false/);
  });
});

describe("the risk engine's client", () => {
  it("goes on asking an engine that is not there yet, and sums what it gets", async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.writeHead(asked < 3 ? 503 : 200);
      response.end(
        JSON.stringify({
          pod: "e-0",
          markets: ["BTC"],
          phase: "trading",
          positions: { BTC: 3 },
          openOrders: [],
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${boundPort(server)}`;
    const reading = await readPositions(url, { patienceMs: 2000, retryMs: 5, timeoutMs: 500 });
    server.closeAllConnections();
    server.close();
    assert.equal(reading.attempts, 3);
    assert.deepEqual(exposure([reading, reading]), { BTC: 6 });
    const gone = await readPositions(url, { patienceMs: 30, retryMs: 5, timeoutMs: 500 });
    assert.ok(!gone.ok && gone.why === "ECONNREFUSED", JSON.stringify(gone));
  });
});

describe("the conformance command", () => {
  it("reads a command, a URL and its options", () => {
    assert.deepEqual(readArguments(["--json", "--only", "health", "node", "engine.js", "--flag"]), {
      kind: "command",
      command: ["node", "engine.js", "--flag"],
      options: { json: true, only: ["health"] },
    });
    const call = readArguments(["http://engine-0:8080/"]);
    assert.ok(call.kind === "url");
    assert.equal(call.url, "http://engine-0:8080");
    assert.equal(call.metricsUrl, "http://engine-0:9090/metrics");
  });

  const wrong: readonly [readonly string[], RegExp][] = [
    [[], /Name the engine's start command/],
    [["--onyl", "x"], /--onyl is not an option/],
    [["--only", "halth", "x"], /halth is not a line/],
    [["--only"], /needs at least one line/],
    [["http://a", "b"], /A URL stands alone/],
  ];
  for (const [args, words] of wrong) {
    it(`refuses ${JSON.stringify(args)}`, () => assert.throws(() => readArguments(args), words));
  }

  it("names each line once", () => {
    const ids = LINES.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("tells the text form of metrics from anything else", () => {
    assert.equal(metricsFault('# HELP a b\na{x="y"} 1\nb 2.5e3 123\n'), undefined);
    assert.match(metricsFault("<html>") ?? "", /is not a sample/);
    assert.match(metricsFault("") ?? "", /no sample/);
  });

  it("counts orders without an fsync in a trace of system calls", () => {
    const order = '7 write(20, "{\\"op\\":\\"order\\",...", 90) = 90';
    const split = "8 fdatasync(19 <unfinished ...>";
    const synced = "8 <... fdatasync resumed>) = 0";
    const trace = [synced, order, order, split, order, split, synced, order].join("\n");
    assert.deepEqual(unsyncedOrders(trace), { orders: 4, unsynced: 2, direct: false });
    assert.equal(unsyncedOrders('openat(3, "wal", O_WRONLY|O_DSYNC) = 4').direct, true);
  });
});
