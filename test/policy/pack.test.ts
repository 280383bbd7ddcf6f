import assert from "node:assert/strict";
import { pdbCoversEngine } from "../../policy/rules/disruption";
import { imageDigest } from "../../policy/rules/images";
import { remarks, rules } from "../../policy/rules/index";
import { mustBeKnownInPreview } from "../../policy/rules/meta";
import { shutdownBudget } from "../../policy/rules/shutdown";
import { borrowedCluster, goodStack } from "./fixtures/good";
import { REGIONS } from "./fixtures/nodes";
import { explain, FixtureStack, isNotApplicable, passes, run, runOnOutputs, WAYS } from "./support";

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

    it(`${rule.name} judges an existing stack by its outputs where no inputs were collected`, () => {
      const verdict = runOnOutputs(rule, goodStack(), "existing", REGIONS);
      assert.equal(verdict.kind, "pass", explain(verdict));
    });

    it(`${rule.name} is mandatory, and says in one sentence what holds`, () => {
      assert.equal(rule.level, "mandatory");
      assert.match(rule.description, /^[A-Z].*\.$/);
    });
  }

  for (const rule of [shutdownBudget, pdbCoversEngine, imageDigest, mustBeKnownInPreview])
    it(`${rule.name} does not fall silent on a new stack when the collector is disabled`, () => {
      const verdict = runOnOutputs(rule, goodStack(), "new");
      assert.equal(verdict.kind, "violation");
      assert.match(explain(verdict), /StatefulSet "btc".*must be known in preview/);
    });

  for (const rule of remarks)
    it(`${rule.name} refuses nothing, and has nothing to say of the good stack, an empty one, or a borrowed cluster`, () => {
      assert.equal(rule.level, "advisory");
      passes(rule, goodStack());
      isNotApplicable(rule, new FixtureStack([]), /^the stack has no/);
      passes(rule, borrowedCluster());
    });

  it("names every rule once", () => {
    const names = [...rules, ...remarks].map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
    assert.equal(names.length, 20);
  });
});
