import assert from "node:assert/strict";
import { parseDrillArguments } from "../../../workbench/lab/drill/arguments";
import { darknesses, darkSeconds, overlapSeconds, staleOrders } from "../../../workbench/lab/drill/dark";
import { check, type DrillTimers, problemsOf, same, UNTOUCHED } from "../../../workbench/lab/drill/drill";
import { DRILLS, STACK_DRILLS } from "../../../workbench/lab/drill/drills";
import { manifestHash } from "../../../workbench/lab/drill/evidence";
import { closing, listing, outcomeLine } from "../../../workbench/lab/drill/report";
import type { LedgerEntry } from "../../../workbench/lab/engines/exchange";
import { UserError } from "../../../workbench/offline/errors";

const TIMERS: DrillTimers = { detection: 9, toleration: 5, collection: 20, start: 12, lease: 15 };

const order = (at: number, id: string, market: string, token = 1): LedgerEntry[] => [
  { at, kind: "order", account: "e-0", id, market, token },
  { at: at + 1, kind: "accepted", account: "e-0", id },
];

describe("dark time", () => {
  const entries = [
    ...order(1000, "a", "BTC"),
    ...order(2000, "b", "BTC"),
    ...order(9000, "c", "BTC"),
    ...order(1500, "d", "ETH"),
  ];

  it("is the longest time between two accepted orders of a market, the drill's ends included", () => {
    const dark = darkSeconds({ entries }, ["BTC", "ETH", "SOL"], 500, 10_000);
    assert.deepEqual(
      [...dark],
      [
        ["BTC", 7],
        ["ETH", 8.499],
        ["SOL", 9.5],
      ],
    );
  });

  it("does not count what was before the drill, nor an order that was refused", () => {
    const refused: LedgerEntry[] = [{ at: 5000, kind: "order", account: "e-0", id: "x", market: "BTC" }];
    assert.equal(darkSeconds({ entries: [...entries, ...refused] }, ["BTC"], 3000, 8000).get("BTC"), 5);
  });
});

describe("engines that are dark at once", () => {
  const entries = [
    ...order(1000, "a", "BTC"),
    ...order(9000, "b", "BTC"),
    ...order(1000, "c", "ETH"),
    ...order(2000, "d", "ETH"),
    ...order(9000, "e", "ETH"),
  ];
  const whole = { from: 1001, to: 9001 };

  it("are found by the times without an order that are longer than usual", () => {
    assert.deepEqual(darknesses({ entries }, ["BTC", "ETH"], { ...whole, seconds: 5 }), [
      { from: 1001, to: 9001 },
      { from: 2001, to: 9001 },
    ]);
    assert.deepEqual(darknesses({ entries }, ["BTC", "ETH"], { ...whole, seconds: 7.5 }), [whole]);
  });

  it("overlap for as long as both are dark", () => {
    const first = [{ from: 0, to: 4000 }];
    assert.equal(overlapSeconds([first, [{ from: 3000, to: 9000 }], []]), 1);
    assert.equal(overlapSeconds([[], first, [{ from: 1000, to: 2000 }]]), 1);
  });

  it("do not overlap one after the other, nor with themselves", () => {
    const first = [
      { from: 0, to: 4000 },
      { from: 0, to: 4000 },
    ];
    assert.equal(overlapSeconds([first, [{ from: 4000, to: 9000 }]]), 0);
    assert.equal(overlapSeconds([]), 0);
  });
});

describe("orders of a writer whose term has ended", () => {
  it("are found by a token below one that was seen", () => {
    const entries = [...order(1, "a", "BTC", 1), ...order(2, "b", "BTC", 2), ...order(3, "late", "BTC", 1)];
    assert.deepEqual(staleOrders({ entries }, 0), ["e-0 late"]);
    assert.deepEqual(staleOrders({ entries }, 10), []);
  });
});

describe("a drill's verdict", () => {
  const good = {
    facts: [same("a", 1, 1)],
    touched: [0],
    lost: [],
    doubled: [],
    secondWriters: [],
    stalledSeconds: 0,
    markets: [
      { market: "BTC", ordinal: 0, darkSeconds: 19 },
      { market: "ETH", ordinal: 1, darkSeconds: UNTOUCHED },
    ],
  };
  const drill = { darkBound: () => 20 };

  it("is passed when every fact holds and no bound is missed", () => {
    assert.deepEqual(problemsOf(drill, TIMERS, good), []);
  });

  for (const [what, outcome, problem] of [
    ["a fact does not hold", { ...good, facts: [same("a", 1, 2)] }, /a: expected 1, saw 2/],
    ["an order was lost", { ...good, lost: ["x"] }, /order lost: x/],
    ["an order was doubled", { ...good, doubled: ["x"] }, /order doubled: x/],
    ["two engines wrote", { ...good, secondWriters: ["e-0"] }, /two engines at once in the account of e-0/],
    [
      "a market was dark too long",
      { ...good, markets: [{ market: "BTC", ordinal: 0, darkSeconds: 21 }] },
      /BTC was dark for 21\.0 s, bound 20\.0 s/,
    ],
    ["a market that nobody touched went dark", { ...good, touched: [1] }, /BTC was dark/],
    ["nothing was looked at", { ...good, facts: [] }, /looked at nothing/],
  ] as const) {
    it(`is failed when ${what}`, () => {
      assert.match(problemsOf(drill, TIMERS, outcome).join("\n"), problem);
    });
  }

  it("does not count time for which the machine itself stood still", () => {
    const dark = { ...good, markets: [{ market: "BTC", ordinal: 0, darkSeconds: 24 }] };
    assert.equal(problemsOf(drill, TIMERS, dark).length, 1);
    assert.deepEqual(problemsOf(drill, TIMERS, { ...dark, stalledSeconds: 5 }), []);
  });

  it("is one line, with its problems below", () => {
    const outcome = { ...good, id: "R1", seconds: 5, problems: [] };
    assert.match(
      outcomeLine({ id: "R1", title: "kill" }, outcome),
      /^passed {2}R1 .*dark 19\.0 s, lost 0, doubled 0/,
    );
    const failed = { ...outcome, problems: ["because"] };
    assert.match(outcomeLine({ id: "R1", title: "kill" }, failed), /^FAILED[^\n]*\n +because$/);
    assert.match(closing([outcome, failed], "scaled"), /Timers were scaled[^\n]*\n1 passed, 1 failed$/);
    assert.equal(closing([outcome], "real"), "1 passed, 0 failed");
  });

  it("writes what was seen into a fact that does not hold", () => {
    assert.deepEqual(check("x", false, { a: 1 }), {
      what: "x",
      expected: "yes",
      seen: '{"a":1}',
      holds: false,
    });
  });
});

const ALL = { engines: DRILLS, stack: STACK_DRILLS };

describe("the drills", () => {
  it("have names of their own, steps, an expectation and a bound", () => {
    const all = [...DRILLS, ...STACK_DRILLS];
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    for (const { id, steps, expectation, darkBound } of all) {
      assert.ok(steps.length > 0 && expectation !== "" && darkBound(TIMERS) >= 0, id);
      assert.ok(listing(all).includes(id));
    }
  });

  it("are chosen by name, all without one", () => {
    assert.deepEqual(parseDrillArguments([], ALL).drills, ALL);
    const chosen = parseDrillArguments(["R23", "R1", "--state=/x", "--timers", "real"], ALL);
    assert.deepEqual(
      [chosen.drills.engines, chosen.drills.stack].map((drills) => drills.map(({ id }) => id)),
      [["R1"], ["R23"]],
    );
    assert.deepEqual([chosen.state, chosen.timers], ["/x", "real"]);
    assert.equal(parseDrillArguments(["--help"], ALL).kind, "help");
    assert.equal(parseDrillArguments(["--list"], ALL).kind, "list");
  });

  for (const [line, message] of [
    ["R99", /there is no drill "R99"; there are R1,/],
    ["--timers fast", /must be real or scaled, not "fast"/],
    ["--state", /--state needs a value/],
    ["--quick", /unknown option "--quick"/],
    ["--subject theirs", /--subject must be ours or seed, not "theirs"/],
    ["--stage nodes", /--stage must be engines or stack, not "nodes"/],
  ] as const) {
    it(`refuse "${line}" in one sentence`, () => {
      const says = (error: unknown): boolean => error instanceof UserError && message.test(error.message);
      assert.throws(() => parseDrillArguments(line.split(" "), ALL), says);
    });
  }

  it("name the manifests that they ran on, which change with the stack", () => {
    assert.match(manifestHash(), /^[0-9a-f]{16}$/);
    assert.equal(manifestHash("dev"), manifestHash("dev"));
    assert.notEqual(manifestHash("dev"), manifestHash("prod"));
  });
});
