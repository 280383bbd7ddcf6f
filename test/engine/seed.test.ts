import assert from "node:assert/strict";
import { join } from "node:path";
import type { RunResult } from "../../workbench/offline/harness";
import { explain, withStack } from "./support";

/**
 * Faults of the published "Complete StatefulSet Example", and the rule that refuses each. Not here: the Service in
 * another namespace (a later rule), and two claims of the text around it that no manifest shows.
 */
const FAULTS: readonly { fault: string; rule: string; says: RegExp }[] = [
  {
    fault: "S1: the budget has no namespace and covers nothing",
    rule: "pdb-covers-engine",
    says: /namespace|no PodDisruptionBudget/,
  },
  { fault: "S2: `curl … && sleep 60` as a hook", rule: "shutdown-budget", says: /preStop/ },
  {
    fault: "S3: a grace period that was never added up",
    rule: "shutdown-budget",
    says: /trading\/shutdown-budget/,
  },
  { fault: "S4: Burstable, so no CPU of its own", rule: "cpu-exclusive", says: /limits|requests/ },
  { fault: "S5: no market for an ordinal", rule: "market-assignment-unique", says: /market/ },
  { fault: "S7: the log is deleted with its claim", rule: "storageclass-trading", says: /reclaimPolicy/ },
  { fault: "S8: zones preferred only", rule: "az-coverage", says: /preferred|topologySpread|zone/ },
  { fault: "S9: the image is a tag", rule: "image-digest", says: /sha256/ },
  { fault: "no toleration for any trading node", rule: "taint-toleration-pair", says: /tolerat/ },
  { fault: "two pods may write one log", rule: "single-writer", says: /ReadWriteOncePod/ },
  { fault: "a replacement would delete the pods first", rule: "volume-template-frozen", says: /orphan/ },
];

describe("the published manifest that this project started from", () => {
  let preview: RunResult;
  before(() =>
    withStack({ project: join(__dirname, "fixtures", "seed-program"), stack: "seed" }, async (engine) => {
      preview = await engine.preview();
    }),
  );

  it("is refused", () => {
    assert.notEqual(preview.exitCode, 0, explain(preview));
  });

  for (const { fault, rule, says } of FAULTS)
    it(`is refused for ${fault}`, () => {
      const said = preview.violations.filter(({ policy }) => policy === rule).map(({ message }) => message);
      assert.ok(
        said.some((message) => says.test(message)),
        `${rule} said: ${said.join("\n") || "nothing"}\n${explain(preview)}`,
      );
    });
});
