import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  apply,
  type Book,
  bookFromJson,
  bookToJson,
  EMPTY_BOOK,
  type LogRecord,
  readRecord,
} from "../../../examples/engine/core/book";
import { refusedForTime } from "../../../examples/engine/core/clock-check";
import { drainPlan, dueCancels } from "../../../examples/engine/core/drain-plan";
import type { Status } from "../../../examples/engine/core/messages";
import { nextEpoch, orderIds } from "../../../examples/engine/core/order-ids";
import { foreignHolding } from "../../../examples/engine/core/own-markets";
import { reconcile } from "../../../examples/engine/core/reconcile";
import { type Env, Refusal, readSettings } from "../../../examples/engine/core/settings";

const id = fc.constantFrom("a", "b", "c", "d");
const order = fc.record({
  id,
  market: fc.constantFrom("BTC", "ETH"),
  side: fc.constantFrom("buy" as const, "sell" as const),
  qty: fc.integer({ min: 1, max: 5 }),
  price: fc.nat(100),
});
const record: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({ t: fc.constant("epoch" as const), epoch: fc.nat(9) }),
  fc.tuple(order, fc.nat()).map(([made, at]) => ({ t: "intent" as const, ...made, at })),
  fc.record({ t: fc.constant("accepted" as const), id }),
  fc.record({ t: fc.constant("closed" as const), id, why: fc.constant("cancelled" as const) }),
  fc
    .tuple(order, fc.integer({ min: 1, max: 9 }))
    .map(([made, seq]) => ({ t: "fill" as const, ...made, seq })),
);

describe("the book", () => {
  it("is the same through JSON: records and snapshots", () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const read = records.map((one) => readRecord(JSON.parse(JSON.stringify(one))));
        const book = read.reduce(apply, EMPTY_BOOK);
        assert.deepEqual(book, records.reduce(apply, EMPTY_BOOK));
        assert.deepEqual(bookFromJson(JSON.parse(JSON.stringify(bookToJson(book)))), book);
      }),
    );
  });

  it("counts each fill once, however often it is told", () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const once = records.reduce(apply, EMPTY_BOOK);
        const fills = records.filter(({ t }) => t === "fill");
        assert.deepEqual(fills.reduce(apply, once).positions, once.positions);
      }),
    );
  });
});

describe("client order ids", () => {
  it("are unique over any number of lives, also when the clock goes back", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000_000_000_000), { maxLength: 20 }), (clocks) => {
        const who = { namespace: "trading", podName: "engine-0", ordinal: 0 };
        let epoch = 0;
        const made = clocks.flatMap((clock) => {
          epoch = nextEpoch(epoch, clock);
          const next = orderIds(who, epoch);
          return [next(), next(), next()];
        });
        assert.equal(new Set(made).size, made.length);
        assert.ok(made.every((one) => /^[A-Za-z0-9_-]{1,36}$/.test(one)));
      }),
    );
  });
});

describe("reconciliation", () => {
  const open = { id: "a", market: "BTC", side: "buy", qty: 1, price: 1 } as const;
  const used: Book = { ...EMPTY_BOOK, epoch: 1 };
  const waiting = apply(used, { t: "intent", ...open, at: 1000 });
  const status = (over: Partial<Status>): Status => ({
    type: "status",
    open: [],
    states: {},
    fills: [],
    positions: {},
    ...over,
  });
  const judge = (book: Book, over: Partial<Status>, now = 1100) =>
    reconcile(book, false, status(over), now, 500);

  it("refuses an empty log beside a position or an order, also when only this term began it", () => {
    for (const over of [{ positions: { BTC: 2 } }, { open: [open] }]) {
      assert.equal(judge(EMPTY_BOOK, over).kind, "refuse");
      assert.equal(reconcile(used, true, status(over), 0, 500).kind, "refuse");
    }
    assert.equal(judge(EMPTY_BOOK, {}).kind, "agreed");
  });

  it("refuses an open order that the log never wrote, and positions that do not add up", () => {
    assert.match(JSON.stringify(judge(used, { open: [open] })), /not in the log/);
    assert.match(
      JSON.stringify(judge(used, { positions: { BTC: 1 } })),
      /is 0 in the log and 1 at the exchange/,
    );
  });

  it("adopts, closes and fills what it knows", () => {
    const adopted = judge(waiting, { open: [open], states: { a: "open" } });
    assert.deepEqual(adopted, { kind: "agreed", records: [{ t: "accepted", id: "a" }] });
    const filled = judge(waiting, {
      states: { a: "filled" },
      fills: [{ ...open, seq: 1 }],
      positions: { BTC: 1 },
    });
    assert.equal(filled.kind, "agreed");
  });

  it("waits for an order that may be under way, and gives it up when it can no longer arrive", () => {
    assert.equal(judge(waiting, { states: { a: "unknown" } }).kind, "again");
    assert.deepEqual(judge(waiting, { states: { a: "unknown" } }, 1501), {
      kind: "agreed",
      records: [{ t: "closed", id: "a", why: "never-sent" }],
    });
  });
});

describe("markets of the log that are not its own", () => {
  const used: Book = { ...EMPTY_BOOK, epoch: 1, positions: { ETH: 0, BTC: 3 } };
  const order = { id: "a", market: "SOL", side: "buy", qty: 1, price: 1 } as const;

  it("are refused with a position, by name and with the remedy", () => {
    assert.equal(
      foreignHolding(used, 0, ["ETH"]),
      "The log holds a position of 3 in BTC, which is not in the list of ordinal 0 (ETH): put the market back, or close the position first.",
    );
  });

  it("are refused with an open order", () => {
    const open = apply(used, { t: "intent", ...order, at: 1 });
    assert.match(
      foreignHolding(open, 1, ["BTC"]) ?? "",
      /the open order a in SOL, which is not .* ordinal 1/,
    );
  });

  it("may be left once they are flat", () => {
    assert.equal(foreignHolding(used, 0, ["BTC", "SOL"]), undefined);
    assert.equal(foreignHolding(EMPTY_BOOK, 0, ["BTC"]), undefined);
  });
});

describe("the drain's plan", () => {
  it("always leaves time for the flush, and never more than the budget", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (budget) => {
        const { cancelMs, flushMs } = drainPlan(budget);
        assert.ok(flushMs > 0 && cancelMs > 0 && Math.abs(cancelMs + flushMs - budget) < 1e-6);
      }),
    );
    assert.deepEqual(drainPlan(46_000), { cancelMs: 44_000, flushMs: 2000 });
  });

  it("asks again only where no answer came", () => {
    assert.deepEqual(
      dueCancels(
        ["a", "b", "c"],
        new Map([
          ["a", 0],
          ["b", 900],
        ]),
        1000,
        1000,
      ),
      ["a", "c"],
    );
  });
});

describe("the settings", () => {
  const pod: Env = {
    POD_NAME: "engine-1",
    POD_INDEX: "1",
    ENGINE_NAME: "engine",
    DATA_DIR: "/data",
    MARKETS_FILE: "/etc/trading/markets.json",
    DRAIN_BUDGET_SECONDS: "46",
    KUBERNETES_SERVICE_HOST: "10.0.0.1",
  };
  const map = '{"0": ["BTCUSDT"], "1": ["ETHUSDT", "ETHUSD"], "2": []}';
  const read = (over: Env) => readSettings({ ...pod, ...over }, () => map);

  it("are read from the pod that the stack makes", () => {
    const settings = read({});
    assert.equal(settings.ordinal, 1);
    assert.deepEqual(settings.markets, ["ETHUSDT", "ETHUSD"]);
    assert.equal(settings.drainBudgetMs, 46_000);
    assert.equal(settings.lease.name, "engine-1");
    assert.deepEqual(settings.lease.source, { kind: "cluster", host: "10.0.0.1", port: "443" });
  });

  const refused: readonly [Env, RegExp][] = [
    [{ POD_NAME: "engine-3", POD_INDEX: "3" }, /Ordinal 3 has no markets .*ordinals there: 0, 1, 2/],
    [{ POD_NAME: "engine-2", POD_INDEX: "2" }, /market list of ordinal 2 .* is empty/],
    [{ POD_INDEX: "0" }, /POD_INDEX is "0", but POD_NAME is "engine-1"/],
    [{ POD_NAME: "engine-7d8f9-xyz" }, /does not end in an ordinal/],
    [{ POD_NAME: "" }, /POD_NAME is not set/],
    [{ ENGINE_NAME: "other" }, /ENGINE_NAME and ordinal say other-1/],
    [{ DRAIN_BUDGET_SECONDS: "soon" }, /DRAIN_BUDGET_SECONDS is "soon"/],
    [{ EXCHANGE_URL: "http://x" }, /not tcp:\/\/host:port/],
    [{ LEASE_DURATION_MS: "5000" }, /lease times must grow/],
    [{ KUBERNETES_SERVICE_HOST: undefined }, /nowhere to hold a lease/],
  ];
  for (const [over, words] of refused) {
    it(`refuse ${JSON.stringify(over)}`, () =>
      assert.throws(
        () => read(over),
        (error) => error instanceof Refusal && words.test(error.message),
      ));
  }

  it("refuse a map that is no JSON object", () => {
    for (const text of ["", "[]", "{"]) assert.throws(() => readSettings(pod, () => text), /cannot be read/);
  });
});

describe("a refusal for an order's time", () => {
  for (const [what, offset, suspect, verdict] of [
    ["is a late order while the clocks agree", 8, undefined, "late"],
    ["is a late order although the one before looked worse", -900, 4000, "late"],
    ["is looked at again when a single reply shows a wrong clock", 4000, undefined, "look-again"],
    ["is a wrong clock when two show it", -4000, -4100, "wrong-clock"],
  ] as const) {
    it(what, () => assert.equal(refusedForTime(offset, suspect, 1000), verdict));
  }
});
