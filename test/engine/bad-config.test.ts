import assert from "node:assert/strict";
import { explain, withStack } from "./support";

describe("a wrong stack file, under the real engine", () => {
  it("is refused in one message with every problem, without a stack trace, and registers nothing", () =>
    withStack(
      {
        configOverrides: {
          config: {
            "trading:region": "us-east-1",
            "trading:nodes": { instanceType: "m7i.xlarge" },
            "trading:engines": { "trading-engine": { cpus: 2.5, volume: 50, replicas: 3 } },
          },
        },
      },
      async (engine) => {
        const preview = await engine.preview();
        assert.notEqual(preview.exitCode, 0);
        for (const line of [
          /region: is outside residency\.allowedRegions .*\(got "us-east-1"\)/,
          /engines\.trading-engine\.cpus: must be a whole number .*\(got 2\.5\)/,
          /engines\.trading-engine\.volume: must be a size with its unit.*\(got 50\)/,
          /engines\.trading-engine\.replicas: unknown key.*\(got 3\)/,
        ])
          assert.match(preview.stdout, line, explain(preview));
        assert.doesNotMatch(preview.stdout + preview.stderr, /^\s+at .*:\d+:\d+\)?$/m, "a stack trace");
        assert.deepEqual(
          preview.steps.filter(({ type }) => type !== "pulumi:pulumi:Stack"),
          [],
        );
      },
    ));

  it("is refused by the command line itself where a scalar has no value", () =>
    withStack({ configOverrides: { config: { "trading:environment": null } } }, async (engine) => {
      const preview = await engine.preview();
      assert.notEqual(preview.exitCode, 0);
      assert.match(preview.stdout + preview.stderr, /environment/, explain(preview));
      assert.doesNotMatch(preview.stdout + preview.stderr, /^\s+at .*:\d+:\d+\)?$/m, "a stack trace");
    }));
});
