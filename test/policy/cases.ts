import assert from "node:assert/strict";
import type { Rule } from "../../policy/lib/rule";
import { goodStack } from "./fixtures/good";
import { type FixtureStack, mustBeKnown, passes, refuses } from "./support";

/** A change of the good stack, and for refusals what the message must say. */
type Accepted = readonly [what: string, edit: (stack: FixtureStack) => FixtureStack];
type Refused = readonly [what: string, edit: (stack: FixtureStack) => FixtureStack, message: RegExp];

export interface Cases {
  /** Settings for all cases. */
  readonly config?: object;
  readonly accepts?: readonly Accepted[];
  readonly refuses: readonly Refused[];
  /** Values without which the rule cannot judge, with the place that it must name. */
  readonly needs?: readonly Refused[];
}

/**
 * Tests a rule by its cases, each in all ways. The good stack passes right before each edit: what is refused is
 * refused for the edit, and not for something else.
 */
export function describeRule(rule: Rule, cases: Cases): void {
  const config = cases.config ?? {};
  describe(rule.name, () => {
    it("passes the good stack", () => passes(rule, goodStack(), config));
    for (const [what, edit] of cases.accepts ?? [])
      it(`accepts ${what}`, () => passes(rule, edit(goodStack()), config));
    for (const [what, edit, message] of cases.refuses)
      it(`refuses ${what}`, () => refuses(rule, edit(goodStack()), message, config));
    for (const [what, edit, place] of cases.needs ?? [])
      it(`asks for ${what}`, () => mustBeKnown(rule, edit(goodStack()), place, config));
    it("has enough to bite on", () => assert.ok(cases.refuses.length + (cases.needs?.length ?? 0) >= 3));
  });
}
