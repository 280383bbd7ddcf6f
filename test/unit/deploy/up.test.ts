import assert from "node:assert/strict";
import { join } from "node:path";
import { readArguments } from "../../../workbench/deploy/arguments";
import { statefulSets, waitCommand } from "../../../workbench/deploy/engines";
import { missingPrerequisites, pulumiVersion } from "../../../workbench/deploy/prerequisites";

const ROOT = join(__dirname, "..", "..", "..");

describe("npm run up", () => {
  it("passes what pulumi may decide on to pulumi", () => {
    assert.deepEqual(readArguments(["prod", "--yes", "--diff"]), {
      kind: "up",
      environment: "prod",
      flags: ["--yes", "--diff"],
    });
  });

  for (const flag of [
    "--skip-preview",
    "--skip-preview=true",
    "-f",
    "-yf",
    "-fy",
    "--policy-pack",
    "--policy-pack=x",
    "--policy-pack-config=y",
    "--stack",
    "-s",
    "-sprod",
    "-ysprod",
    "-C/elsewhere",
    "--cwd",
    "--config-file=x",
  ])
    it(`refuses ${flag} in words`, () => {
      const request = readArguments(["prod", flag]);
      assert.equal(request.kind, "refused");
      assert.match(request.kind === "refused" ? request.problems.join() : "", /^-\S+( \(--\S+\))?: .{20,}/);
    });

  it("does not mistake a value for a flag", () => {
    for (const flag of ["-y", "-tfoo", "-mfast", "-p4"])
      assert.equal(readArguments(["prod", flag]).kind, "up", flag);
  });

  it("asks for the environment when there is none", () => {
    assert.equal(readArguments([]).kind, "refused");
    assert.equal(readArguments(["--yes"]).kind, "refused");
    assert.equal(readArguments(["prod", "--help"]).kind, "help");
  });

  it("names everything that is missing at once", async () => {
    const missing = await missingPrerequisites(ROOT, "nowhere", async () => undefined, {
      HOME: "/nonexistent",
    });
    assert.deepEqual(
      missing.map((line) => line.split(":")[0]),
      ["stack file", "Pulumi CLI", "AWS CLI", "kubectl", "AWS credentials"],
    );
  });

  it("begins when all is there", async () => {
    const missing = await missingPrerequisites(ROOT, "dev", async () => "v3.259.0", { AWS_PROFILE: "dev" });
    assert.deepEqual(missing, []);
  });

  it("accepts 3.259 and newer, and no older or unreadable version", () => {
    for (const good of ["v3.259.0", "v3.270.1-dev.0", "v4.0.0"])
      assert.deepEqual(pulumiVersion(good), [], good);
    for (const bad of ["v3.258.9", "v2.300.0", "soon", undefined])
      assert.equal(pulumiVersion(bad).length, 1, bad);
  });

  it("waits for each StatefulSet once, whatever the number of its pods", () => {
    const pod = (ordinal: number) => ({ name: "core", namespace: "trading", ordinal });
    assert.deepEqual(statefulSets([pod(0), pod(1), { name: 1 }, null]), [
      { name: "core", namespace: "trading" },
    ]);
    assert.deepEqual(statefulSets(undefined), []);
    assert.deepEqual(waitCommand({ name: "core", namespace: "trading" }, 60), [
      "--namespace",
      "trading",
      "rollout",
      "status",
      "statefulset/core",
      "--timeout=60s",
    ]);
  });
});
