import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkLine } from "../../workbench/conformance/run";
import { program } from "./support";

/** Each deliberately broken engine, and the line of the contract on which it must fail, with the words of the verdict. */
const BROKEN: readonly (readonly [engine: string, line: string, words: RegExp])[] = [
  ["any-ordinal", "unknown-ordinal", /traded with an ordinal|keeps running/],
  ["always-ready", "ready-after-recovery", /ready answered 200 before/],
  ["sleeps-instead", "sigterm-cancels", /with \d+ order\(s\) open/],
  ["leaves-early", "waits-for-confirmations", /before the exchange had confirmed/],
  ["exits-143", "exit-zero", /exited with 143/],
  ["crashes-on-second-shutdown", "shutdown-twice", /order\(s\) open|code 134/],
  ["waits-for-ever", "bounded-drain", /still running after its budget/],
  ["sends-before-log", "logged-before-sent", /before it was in the log/],
  ["never-syncs", "synced-before-sent", /without an fsync/],
  ["reuses-ids", "ids-unique", /used the client order id/],
  ["trusts-empty-log", "empty-log", /empty log beside an open position/],
  ["any-market", "moved-market", /no longer its own/],
  ["skips-damage", "damaged-log", /damaged/],
  ["ignores-lease", "lease-before-first-order", /while another held the lease/],
  ["ignores-deadline", "lease-deadline", /after its renew deadline/],
  ["notices-late", "log-after-term", /wrote into the log after its term/],
  ["no-dead-man", "dead-man", /switch is not armed/],
];

describe("a deliberately broken engine", () => {
  for (const [engine, line, words] of BROKEN) {
    it(`${engine} fails on ${line}`, async () => {
      const result = await checkLine(line, program(`test/process/broken/${engine}.ts`));
      // Without strace that one line cannot be checked, and says so.
      if (line === "synced-before-sent" && /strace/.test(result.reason)) return;
      assert.equal(result.verdict, "FAIL", JSON.stringify(result));
      assert.match(result.reason, words);
    });
  }
});
