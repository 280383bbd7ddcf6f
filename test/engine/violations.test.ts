import assert from "node:assert/strict";
import { rules } from "../../policy/rules";
import type { Engine, RunResult } from "../../workbench/offline/harness";
import { EDITS, type Edit } from "./edits";
import { explain, openStack, PACK, withStack } from "./support";

describe("a one-line edit that breaks a rule is refused in the preview", () => {
  it("is tried for every rule", () => {
    assert.deepEqual(
      rules.map(({ name }) => name).filter((name) => !EDITS.some(({ rule }) => rule === name)),
      [],
    );
  });

  describe("on a new stack", () => {
    for (const edit of EDITS)
      it(title(edit), () =>
        withStack({ programPatch: [edit] }, async (engine) => assertRefused(await engine.preview(), edit)),
      );
  });

  describe("on an existing stack", () => {
    let engine: Engine;
    before(async () => {
      engine = await openStack();
      const up = await engine.up(["--skip-preview"]);
      assert.equal(up.exitCode, 0, explain(up));
    });
    after(async () => {
      await engine.close();
    });
    for (const edit of EDITS.filter(({ newStackOnly }) => !newStackOnly))
      it(title(edit), async () => {
        engine.edit({ policyPack: PACK, programPatch: [edit] });
        assertRefused(await engine.preview(), edit);
      });
  });
});

function title({ rule, find, replace }: Edit): string {
  return `${rule}: ${shorten(find)} → ${shorten(replace)}`;
}

function shorten(text: string): string {
  return text.trim().replace(/\s+/g, " ").slice(0, 60);
}

function assertRefused(preview: RunResult, { rule, remedy }: Edit): void {
  assert.notEqual(preview.exitCode, 0, `not refused:\n${explain(preview)}`);
  const said = preview.violations.filter(({ policy, level }) => policy === rule && level === "mandatory");
  assert.ok(said.length > 0, `${rule} said nothing:\n${explain(preview)}`);
  assert.ok(
    said.some(({ message }) => remedy.test(message)),
    said.map(({ message }) => message).join("\n"),
  );
  assert.ok(preview.stdout.includes(rule), "the terminal names the rule");
}
