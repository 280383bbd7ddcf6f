import assert from "node:assert/strict";
import { rules } from "../../policy/rules/index";
import { borrowedCluster, goodStack } from "./fixtures/good";
import { REGIONS } from "./fixtures/nodes";
import { explain, FixtureStack, isNotApplicable, passes, run, WAYS } from "./support";

describe("the pack", () => {
  for (const rule of rules) {
    it(`${rule.name} passes the good stack`, () => passes(rule, goodStack(), REGIONS));

    it(`${rule.name} says why it does not apply to an empty stack`, () =>
      isNotApplicable(rule, new FixtureStack([]), /^the stack has no/));

    it(`${rule.name} lets an engine onto somebody else's cluster`, () => {
      for (const way of WAYS) {
        const verdict = run(rule, borrowedCluster(), way);
        assert.notEqual(verdict.kind, "violation", explain(verdict));
      }
    });

    it(`${rule.name} is mandatory, and says in one sentence what holds`, () => {
      assert.equal(rule.level, "mandatory");
      assert.match(rule.description, /^[A-Z].*\.$/);
    });
  }

  it("names every rule once", () => {
    const names = rules.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
    assert.equal(names.length, 19);
  });
});
