import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../workbench/offline/errors";
import { parseSoakArguments } from "../../../workbench/soak/arguments";
import { staleness } from "../../../workbench/soak/check";
import { failureModes } from "../../../workbench/soak/document";
import {
  evidenceOf,
  evidenceSchema,
  evidenceText,
  readEvidence,
  writeEvidence,
} from "../../../workbench/soak/evidence";
import { append, beginJournal, readJournal } from "../../../workbench/soak/journal";
import { estimate, inWords, remaining } from "../../../workbench/soak/plan";
import { entryOf, failedEntry } from "../../../workbench/soak/record";
import { DRILLS, entry, evidence, HEAD, journal, round } from "./support";

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "soak-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("what a soak has to do", () => {
  const ours = ["R1", "R5", "map"];
  const seed = ["seed-verbatim", "R1", "R5"];

  it("is each round of ours, then of the seed without what cannot be done on it", () => {
    assert.deepEqual(remaining(journal(), DRILLS), [
      { round: 1, subject: "ours", ids: ours },
      { round: 1, subject: "seed", ids: seed },
      { round: 2, subject: "ours", ids: ours },
      { round: 2, subject: "seed", ids: seed },
    ]);
  });

  it("gives what needs the whole stack a lab of its own, and not to the seed", () => {
    const stack = {
      id: "R23",
      title: "x",
      steps: ["x"],
      expectation: "y",
      needsStack: true,
      notOnSeed: "no stack",
    };
    const head = { ...HEAD, rounds: 1, drills: [...HEAD.drills, "R23"] };
    assert.deepEqual(remaining({ head, entries: [] }, [...DRILLS, stack]), [
      { round: 1, subject: "ours", ids: ours },
      { round: 1, subject: "ours", ids: ["R23"], needsStack: true },
      { round: 1, subject: "seed", ids: seed },
    ]);
  });

  it("goes on after what is done, within a lab's drills too", () => {
    const done = ours.map((id) => entry(id, "ours", 1));
    assert.deepEqual(remaining(journal(...done, entry("seed-verbatim", "seed", 1)), DRILLS)[0], {
      round: 1,
      subject: "seed",
      ids: ["R1", "R5"],
    });
    const all = [1, 2].flatMap((number) => [
      ...ours.map((id) => entry(id, "ours", number)),
      ...seed.map((id) => entry(id, "seed", number)),
    ]);
    assert.deepEqual(remaining(journal(...all), DRILLS), []);
  });

  it("takes as long as the same drills took before, and a lab each", () => {
    const legs = [{ round: 2, subject: "ours", ids: ["R1", "R5"] }] as const;
    const done = journal(entry("R1", "ours", 1, { seconds: 20 }), entry("R5", "seed", 1, { seconds: 40 }));
    assert.equal(estimate(legs, done), 100 + 20 + 40);
    assert.equal(estimate(legs, done, new Map([["ours R5", 10]])), 100 + 20 + 10);
    assert.equal(estimate([], done), 0);
    assert.deepEqual([20, 150, 3600, 9000].map(inWords), ["1 min", "3 min", "1 h 0 min", "2 h 30 min"]);
  });
});

describe("a soak's journal", () => {
  it("holds what was done, also when its last line was cut short", () => {
    inFolder((folder) => {
      const file = join(folder, "deep", "journal.jsonl");
      assert.equal(readJournal(file), undefined);
      const begun = append(file, beginJournal(file, HEAD), entry("R1", "ours", 1));
      assert.deepEqual(readJournal(file), begun);
      appendFileSync(file, '{"kind":"round","id":"R5"');
      assert.deepEqual(readJournal(file), begun);
    });
  });

  it("of another version is refused in one sentence", () => {
    inFolder((folder) => {
      const file = join(folder, "journal.jsonl");
      writeFileSync(file, '{"kind":"other"}\n');
      assert.throws(
        () => readJournal(file),
        (error) => error instanceof UserError && /--discard/.test(error.message),
      );
    });
  });

  it("keeps of a drill its numbers and its problems, and of one that could not be done why", () => {
    const where = { round: 2, subject: "seed", started: new Date(HEAD.started) } as const;
    const outcome = {
      ...{
        id: "R5",
        seconds: 12.34,
        lost: ["a"],
        doubled: ["b", "c"],
        secondWriters: ["e-0"],
        stalledSeconds: 0,
      },
      ...{ markets: [{ market: "BTC", ordinal: 0, darkSeconds: 3.456 }], problems: ["x".repeat(400)] },
    };
    const kept = entryOf(outcome, where);
    assert.deepEqual(
      [kept.seconds, kept.dark, kept.lost, kept.doubled, kept.secondWriters],
      [12.3, { BTC: 3.5 }, 1, 2, 1],
    );
    assert.ok((kept.problems[0]?.length ?? 0) < 310);
    const failed = failedEntry("R5", where, "no disk");
    assert.deepEqual([failed.dark, failed.problems], [{}, ["it could not be done: no disk"]]);
  });
});

describe("evidence", () => {
  const done = journal(entry("R1", "ours", 1), entry("R1", "ours", 2), entry("R1", "seed", 1));

  it("is made of what there is, one piece a drill", () => {
    const [only, ...others] = evidenceOf(done, DRILLS);
    assert.deepEqual(others, []);
    assert.deepEqual([only?.id, only?.ours?.rounds.length, only?.seed?.rounds.length], ["R1", 2, 1]);
    assert.deepEqual([only?.ours?.manifests, only?.seed?.manifests], ["aaaa", "bbbb"]);
  });

  it("is read as it was written, in the order of the drills, a line for each round", () => {
    inFolder((folder) => {
      writeEvidence(folder, [evidence("R5"), evidence("gone"), evidence("R1")]);
      writeEvidence(folder, evidenceOf(done, DRILLS));
      const found = readEvidence(folder, DRILLS);
      assert.deepEqual(
        found.map(({ id }) => id),
        ["R1", "R5", "gone"],
      );
      assert.deepEqual(found[0], evidenceOf(done, DRILLS)[0]);
    });
    assert.equal(
      evidenceText(evidence("R1"))
        .split("\n")
        .filter((line) => line.includes('"round":')).length,
      4,
    );
    assert.deepEqual(evidenceSchema.parse(JSON.parse(evidenceText(evidence("map")))), evidence("map"));
  });
});

describe("docs/failure-modes.md", () => {
  const row = (text: string, id: string): string =>
    text.split("\n").find((line) => line.startsWith(`| **${id}**`)) ?? "";
  const broken = evidence("R5", {
    seed: {
      manifests: "bbbb",
      rounds: [
        round(1, {
          dark: { BTC: 20, ETH: 30 },
          lost: 1,
          doubled: 2,
          problems: ["second: expected 429, saw 201"],
        }),
        round(2, {
          dark: { BTC: 24, ETH: 3 },
          secondWriters: 1,
          problems: ["second: expected 429, saw 201"],
        }),
      ],
    },
  });

  it("has a row for each drill: steps, what happens, and both subjects' numbers side by side", () => {
    const text = failureModes([evidence("R1"), broken, evidence("map")]);
    assert.equal(
      row(text, "R1"),
      "| **R1**: kill | kill it | it comes back | 2.0 s, worst 2.0 s | 0, 0 | 2.0 s, worst 2.0 s | 0, 0 | holds |",
    );
    assert.equal(
      row(text, "R5"),
      "| **R5**: two at once | one; two \\| three | one at a time | 2.0 s, worst 2.0 s | 0, 0 | 27.0 s, worst 30.0 s | 1, 2 | two engines in one account; [not as promised](#seed-r5) |",
    );
    assert.match(row(text, "map"), /\| n\/a \| – \| it has no map \|$/);
  });

  it("tells what broke on the seed, once for all rounds, with its note", () => {
    const text = failureModes([broken]);
    assert.match(
      text,
      /<a id="seed-r5"><\/a>R5: two at once\n\nNo budget.\n\n- second: expected 429, saw 201 \(2 of 2 rounds\)\n/,
    );
    assert.doesNotMatch(text, /What this stack did not hold/);
  });

  it("does not hide what this stack did not hold", () => {
    const failed = evidence("R1", {
      ours: { manifests: "aaaa", rounds: [round(1), round(2, { problems: ["order lost: x"] })] },
    });
    const text = failureModes([failed]);
    assert.match(row(text, "R1"), /\*\*this stack did not hold\*\*/);
    assert.match(
      text,
      /## What this stack did not hold\n\n### R1: kill\n\n- order lost: x \(1 of 2 rounds\)/,
    );
  });

  it("names conditions, the scaled timers and what is not measured", () => {
    const scaled = evidence("R5", { timers: "scaled" });
    const text = failureModes([evidence("R1"), scaled], ["map"]);
    assert.match(text, /- real timers, 2 rounds; 2 CPUs, 24 GiB, Linux 6.1; Kubernetes 1.35.4: R1\./);
    assert.match(text, /Measured on manifests with the hash aaaa \(ours\) and bbbb \(the seed's/);
    assert.match(text, /- scaled timers, [^\n]*: R5\.\n/);
    assert.match(text, /shorter here than in life/);
    assert.match(text, /Not measured yet: map\./);
    assert.doesNotMatch(failureModes([evidence("R1")]), /Scaled timers|Not measured yet/);
    assert.match(failureModes([]), /Nothing is measured yet/);
  });

  it("tells of the seed as published, and has no row for it: nothing was broken", () => {
    const pending = {
      manifests: "bbbb",
      rounds: [round(1, { dark: {}, problems: ["pods that have a node: 0"] })],
    };
    const { ours: _, ...verbatim } = evidence("seed-verbatim", { seed: pending, seedNote: "A taint." });
    const text = failureModes([verbatim, evidence("R1")]);
    assert.equal(row(text, "seed-verbatim"), "");
    assert.match(text, /exactly as published: \[below\]\(#seed-seed-verbatim\)/);
    assert.match(text, /<a id="seed-seed-verbatim"><\/a>[^\n]*\n\nA taint.\n\n- pods that have a node: 0\n/);
  });

  it("gives one number for one round, and none where nothing was measured", () => {
    const once = evidence("R1", { ours: { manifests: "aaaa", rounds: [round(1)] } });
    assert.match(row(failureModes([once]), "R1"), /\| 2\.0 s \| 0, 0 \| 2\.0 s, worst/);
    const failed = evidence("R1", {
      seed: { manifests: "bbbb", rounds: [round(1, { dark: {}, problems: ["no"] })] },
    });
    assert.match(row(failureModes([failed]), "R1"), /\| – \| – \| \[not as promised\]/);
    const { seed: _, ...half } = evidence("R1");
    assert.match(row(failureModes([half]), "R1"), /\| not measured \| – \|/);
  });
});

describe("npm run soak -- --check", () => {
  const all = [evidence("seed-verbatim"), ...DRILLS.map(({ id }) => evidence(id))];
  const good = {
    drills: DRILLS,
    evidence: all,
    document: failureModes(all),
    manifests: { ours: "aaaa", seed: "bbbb" },
  };

  it("is content with what a soak of these manifests wrote", () => {
    assert.equal(staleness(good), undefined);
  });

  it("are right where the document itself says what was not measured", () => {
    const evidence = all.slice(0, -1);
    assert.equal(staleness({ ...good, evidence, document: failureModes(evidence, ["map"]) }), undefined);
  });

  for (const [what, committed, why] of [
    [
      "our manifests changed",
      { ...good, manifests: { ours: "cccc", seed: "bbbb" } },
      /R1, R5, map was measured on other manifests/,
    ],
    [
      "the seed's overlay changed",
      { ...good, manifests: { ours: "aaaa", seed: "cccc" } },
      /R1, R5 was measured on other/,
    ],
    [
      "a drill has no evidence, and the document does not say so",
      { ...good, evidence: all.slice(0, -1) },
      /not what docs\/evidence gives \(which lacks map\)/,
    ],
    [
      "a drill lacks the seed",
      { ...good, evidence: all.map(({ seed: _, ...each }) => each) },
      /\(which lacks R1, R5\)/,
    ],
    [
      "a drill is gone",
      { ...good, evidence: [...all, evidence("old")] },
      /evidence of old, but no such drill/,
    ],
    ["the document was edited", { ...good, document: `${good.document} ` }, /not what docs\/evidence gives/],
  ] as const) {
    it(`says in one sentence that ${what}`, () => {
      const found = staleness(committed) ?? "";
      assert.match(found, why);
      assert.doesNotMatch(found, /\n/);
    });
  }
});

describe("the command line of npm run soak", () => {
  it("runs three rounds of all drills with real timers, unless told otherwise", () => {
    const usual = parseSoakArguments([], DRILLS);
    assert.deepEqual(
      [usual.kind, usual.rounds, usual.timers, usual.drills],
      ["run", 3, "real", ["R1", "R5", "map"]],
    );
    const told = parseSoakArguments(
      ["--rounds=1", "--timers", "scaled", "--only", "map,R1", "--state", "/x"],
      DRILLS,
    );
    assert.deepEqual([told.rounds, told.timers, told.drills, told.state], [1, "scaled", ["R1", "map"], "/x"]);
    assert.deepEqual(
      ["--resume", "--discard"].map((flag) => parseSoakArguments([flag], DRILLS).kind),
      ["run", "run"],
    );
    assert.deepEqual(
      ["--check", "--write", "--help"].map((flag) => parseSoakArguments([flag], DRILLS).kind),
      ["check", "write", "help"],
    );
  });

  for (const [line, message] of [
    ["--only R99", /there is no drill "R99"; there are R1, R5, map/],
    ["--rounds 0", /from 1 to 99, not "0"/],
    ["--timers fast", /must be real or scaled/],
    ["--state", /--state needs a value/],
    ["--quick", /unknown option "--quick"/],
    ["R1", /unknown option "R1"/],
    ["--resume --rounds 2", /--resume keeps what the soak was begun with: leave --rounds out/],
    ["--resume --discard", /use one of them/],
  ] as const) {
    it(`refuses "${line}" in one sentence`, () => {
      const says = (error: unknown): boolean => error instanceof UserError && message.test(error.message);
      assert.throws(() => parseSoakArguments(line.split(" "), DRILLS), says);
    });
  }
});
