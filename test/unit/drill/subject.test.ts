import assert from "node:assert/strict";
import { DRILLS } from "../../../workbench/lab/drill/drills";
import { manifestHash, seedHash } from "../../../workbench/lab/drill/evidence";
import { closing, notDoneLine, outcomeLine, verbatimLines } from "../../../workbench/lab/drill/report";
import {
  DEFAULT_TOLERATION,
  SCALED,
  tolerationOf,
  withScaledToleration,
} from "../../../workbench/lab/drill/scaled";
import { subjectOf } from "../../../workbench/lab/drill/subject";
import { secondWriters } from "../../../workbench/lab/drill/writers";
import type { LedgerEntry } from "../../../workbench/lab/engines/exchange";

describe("a drill's subject", () => {
  const [ours, seed] = [subjectOf("ours", "dev"), subjectOf("seed", "dev")];

  it("has the same pods' names and markets in both, so that one drill breaks either", () => {
    for (const field of ["name", "namespace", "markets"] as const) {
      assert.deepEqual(seed.spec[field], ours.spec[field], field);
    }
    assert.notEqual(seed.spec.image, ours.spec.image);
    assert.match(seed.spec.image, /seed-engine@sha256:[0-9a-f]{64}$/);
  });

  it("is named in its evidence by its own manifests", () => {
    assert.match(seedHash(), /^[0-9a-f]{16}$/);
    assert.notEqual(seedHash(), manifestHash());
  });

  it("is given up sooner with scaled timers, in the same proportion, and differs in nothing else", () => {
    assert.equal(tolerationOf(seed.manifests), DEFAULT_TOLERATION);
    assert.equal(tolerationOf(seed.manifests.map(withScaledToleration)), SCALED.default);
    assert.equal(tolerationOf(ours.manifests.map(withScaledToleration)), SCALED.declared);
    assert.equal(SCALED.default / DEFAULT_TOLERATION, SCALED.declared / tolerationOf(ours.manifests));
    const without = (text: string): string => text.replace(/,\{[^{}]*"tolerationSeconds":50\}/g, "");
    const scaled = seed.manifests.map(withScaledToleration);
    assert.deepEqual(JSON.parse(without(JSON.stringify(scaled))), JSON.parse(JSON.stringify(seed.manifests)));
  });

  it("says why a drill cannot be done on the seed", () => {
    const reasons = DRILLS.flatMap(({ notOnSeed }) => notOnSeed ?? []);
    assert.ok(reasons.length > 0 && reasons.every((reason) => reason.length > 20));
  });
});

describe("what is said of the seed", () => {
  const outcome = {
    ...{ id: "R1", seconds: 5, facts: [], touched: [0], stalledSeconds: 0, markets: [] },
    ...{ lost: [], doubled: [], secondWriters: [], problems: ["second: expected 429, saw 201"] },
  };

  it("is a result: it held or broke, and its timers are told as they were scaled", () => {
    assert.match(
      outcomeLine({ id: "R1", title: "kill" }, outcome, "seed"),
      /^BROKE {3}R1 [^\n]*\n +second: /,
    );
    assert.match(
      closing([outcome], "scaled", "seed"),
      /50 s instead of 300.\nthe seed held in 0, broke in 1$/,
    );
    assert.match(notDoneLine({ id: "R1", title: "kill" }, "because"), /^n\/a {5}R1 [^\n]*\n +because$/);
  });

  it("begins with what the scheduler says of it as published", () => {
    const fact = { what: "pods that have a node", expected: "3", seen: "0", holds: false };
    assert.match(
      verbatimLines([fact]),
      /^BROKE {3}seed-verbatim [^\n]*\n +pods that have a node: expected 3, saw 0$/,
    );
    assert.match(verbatimLines([{ ...fact, holds: true }]), /^held [^\n]*$/);
  });
});

describe("two engines at once in one account", () => {
  const entry = (at: number, kind: string, connection: number, account = "e-0"): LedgerEntry => ({
    ...{ at, kind, account, connection },
  });
  const second = (entries: LedgerEntry[], from = 0, now = 60_000): string[] =>
    secondWriters({ entries, now, accounts: {} }, from);

  it("are found when both connections live beside each other", () => {
    assert.deepEqual(second([entry(0, "connected", 1), entry(10_000, "connected", 2)]), ["e-0"]);
    const left = [entry(0, "connected", 1), entry(10_000, "connected", 2), entry(20_000, "disconnected", 1)];
    assert.deepEqual(second(left), ["e-0"]);
    assert.deepEqual(second(left, 19_000), []);
  });

  it("are not found where one came after the other, or each had an account of its own", () => {
    assert.deepEqual(
      second([entry(0, "connected", 1), entry(9000, "disconnected", 1), entry(9001, "connected", 2)]),
      [],
    );
    assert.deepEqual(second([entry(0, "connected", 1), entry(1, "connected", 2, "e-1")]), []);
  });

  it("are not found where the first one had fallen silent: the exchange's switch says so", () => {
    const silent = [entry(0, "connected", 1), entry(5000, "dead-man", 1), entry(9000, "connected", 2)];
    assert.deepEqual(second(silent), []);
    const soon = [entry(0, "connected", 1), entry(4000, "connected", 2), entry(8000, "dead-man", 1)];
    assert.deepEqual(second(soon), []);
  });

  it("are not found where the silent one's connection outlives those that came after it", () => {
    const cut = [entry(0, "connected", 1), entry(5000, "dead-man", 1), entry(9000, "connected", 2)];
    const moved = [entry(20_000, "disconnected", 2), entry(21_000, "connected", 3)];
    assert.deepEqual(second([...cut, ...moved]), []);
  });

  it("are found when one more comes, or the silent one speaks again", () => {
    const cut = [entry(0, "connected", 1), entry(5000, "dead-man", 1), entry(9000, "connected", 2)];
    assert.deepEqual(second([...cut, entry(10_000, "connected", 3)]), ["e-0"]);
    assert.deepEqual(second([...cut, entry(10_000, "order", 1)]), ["e-0"]);
  });
});
