import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  mayTrade,
  move,
  renewDeadline,
  type Sighting,
  sight,
} from "../../../examples/engine/core/lease-rule";
import { acquire } from "../../../examples/engine/shell/lease-keeper";
import { memoryLease } from "../../../examples/engine/shell/lease-store";

const DURATION = 1500;
const DEADLINE = 900;

function seen(holder: string, firstSeen: number): Sighting {
  return { record: { holder, generation: 4, durationMs: DURATION }, version: "7", firstSeen };
}

describe("the lease rule", () => {
  const table: readonly [string, Sighting | undefined, number, ReturnType<typeof move>][] = [
    ["a lease that never was is taken", undefined, 0, { do: "take", generation: 1 }],
    ["a released one too", seen("", 0), 1, { do: "take", generation: 5 }],
    ["our own pod's former one too", seen("me", 0), 1, { do: "take", generation: 5 }],
    ["another's is waited for", seen("you", 100), 200, { do: "wait", ms: 1400 }],
    [
      "and taken when it was not renewed for its whole duration",
      seen("you", 100),
      1600,
      { do: "take", generation: 5 },
    ],
  ];
  for (const [name, sighting, now, expected] of table) {
    it(name, () => assert.deepEqual(move("me", sighting, now), expected));
  }

  it("a renewal starts the wait again, the same version does not", () => {
    const first = seen("you", 100);
    assert.equal(sight(first, { record: first.record, version: "7" }, 900).firstSeen, 100);
    assert.equal(sight(first, { record: first.record, version: "8" }, 900).firstSeen, 900);
  });

  it("has no moment at which two may trade, whatever the delays of requests and clocks", () => {
    const ms = fc.integer({ min: 0, max: 5000 });
    fc.assert(
      fc.property(
        ms,
        ms,
        ms,
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (asked, delay, look, offset) => {
          const written = asked + delay;
          const deadline = renewDeadline(asked, DEADLINE);
          // The candidate's clock has another origin; it can see the renewal only after it was written.
          const sighting = seen("you", written + look + offset);
          for (let now = written; now < written + 8000; now += 50) {
            const takes = move("me", sighting, now + offset).do === "take";
            assert.ok(!(takes && now >= written + look && mayTrade(deadline, now)));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("without a term nothing is sent, and at the deadline no more", () => {
    assert.equal(mayTrade(undefined, 0), false);
    assert.equal(mayTrade(900, 899), true);
    assert.equal(mayTrade(900, 900), false);
  });
});

describe("the lease keeper", () => {
  const times = { durationMs: 150, renewDeadlineMs: 90, retryMs: 10 };
  const clock = () => performance.now();
  const keeper = (store: ReturnType<typeof memoryLease>, identity: string) =>
    acquire({ store, identity, times, clock, say: () => {} }, AbortSignal.timeout(2000));

  it("gives the lease back, and the next one takes it with a higher generation", async () => {
    const store = memoryLease();
    const first = await keeper(store, "a");
    assert.equal(first?.generation, 1);
    await first?.release();
    const second = await keeper(store, "b");
    assert.equal(second?.generation, 2);
    await second?.release();
  });

  it("ends the term when another has it, and when the store is silent past the deadline", async () => {
    for (const silent of [true, false]) {
      const store = memoryLease();
      const term = await keeper(store, "a");
      const { read, write } = store;
      if (silent) {
        store.write = () => Promise.reject(new Error("no answer"));
      } else {
        const now = await read(10);
        await write({ holder: "b", generation: 9, durationMs: 1000 }, now?.version, 10);
      }
      assert.match((await term?.lost) ?? "", silent ? /deadline/ : /another holder/);
      assert.equal(term?.deadline(), undefined);
    }
  });
});
