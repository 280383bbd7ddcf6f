import assert from "node:assert/strict";
import { join } from "node:path";
import { type Engine, openEngine, type RunResult } from "../../workbench/offline/harness";
import { UNKNOWN } from "../../workbench/offline/provider/values";

const PROJECT = join(__dirname, "fixtures", "small");

function ops(result: RunResult, wanted: string): readonly string[] {
  return result.steps.filter(({ op }) => op === wanted).map(({ urn }) => urn.split("::").slice(2).join("::"));
}

function stepOf(result: RunResult, name: string, type: string) {
  const found = result.steps.find((step) => step.type === type && step.urn.endsWith(`::${name}`));
  return found ?? assert.fail(`no step for ${type} ${name} in ${result.stdout}`);
}

function succeeded(result: RunResult): RunResult {
  assert.equal(result.exitCode, 0, result.stdout + result.stderr);
  return result;
}

// Each step builds on the one before, as an environment's life does.
describe("the real engine over the simulated account", function () {
  this.timeout(120_000);
  let engine: Engine;
  const config = (values: Record<string, string>) => ({
    configOverrides: {
      config: Object.fromEntries(Object.entries(values).map(([key, value]) => [`small:${key}`, value])),
    },
  });
  before(async () => {
    engine = await openEngine({ project: PROJECT, stack: "test" });
  });
  after(() => engine.close());

  it("previews a new stack with AWS's own values unknown", async () => {
    const result = succeeded(await engine.preview());
    assert.equal(stepOf(result, "net", "aws:ec2/vpc:Vpc").outputs.arn, UNKNOWN);
    assert.equal(
      stepOf(result, "nodes", "aws:ec2/launchTemplate:LaunchTemplate").outputs.latestVersion,
      UNKNOWN,
    );
    const cluster = stepOf(result, "c-eksCluster", "aws:eks/cluster:Cluster");
    assert.equal(cluster.newInputs.name, "small");
    assert.equal(cluster.outputs.endpoint, UNKNOWN);
    assert.deepEqual(result.resources, []);
  });

  it("comes up, with the children of the cluster component under their real names", async () => {
    const { resources } = succeeded(await engine.up());
    const names = resources.map(({ type, urn }) => `${type} ${urn.split("::").at(-1)}`);
    assert.ok(names.includes("aws:iam/role:Role c-eksRole-role"), names.join("\n"));
    assert.ok(
      names.includes("aws:iam/rolePolicyAttachment:RolePolicyAttachment c-eksRole-4b490823"),
      names.join("\n"),
    );
    const set = resources.find(({ type }) => type === "kubernetes:apps/v1:StatefulSet");
    assert.equal(set?.id, "default/engine");
    assert.match(JSON.stringify(set?.outputs.status), /"readyReplicas":2/);
    assert.match(String((await engine.outputs()).vpcId), /^vpc-[0-9a-f]{17}$/);
  });

  it("finds nothing to do a second time, and nothing drifted", async () => {
    const result = succeeded(await engine.preview(["--expect-no-changes"]));
    assert.deepEqual([...new Set(result.steps.map(({ op }) => op))], ["same"]);
    succeeded(await engine.refresh(["--expect-no-changes"]));
  });

  it("rolls the node group for new user data: the template's version is unknown until then", async () => {
    engine.edit(config({ userData: "second" }));
    const preview = succeeded(await engine.preview());
    assert.deepEqual(ops(preview, "update"), [
      "aws:ec2/launchTemplate:LaunchTemplate::nodes",
      "aws:eks/nodeGroup:NodeGroup::nodes",
    ]);
    assert.deepEqual(ops(preview, "replace"), []);
    const template = "aws:ec2/launchTemplate:LaunchTemplate";
    assert.equal(stepOf(preview, "nodes", template).outputs.latestVersion, UNKNOWN);
    const { resources } = succeeded(await engine.up(["--skip-preview"]));
    assert.equal(resources.find(({ type }) => type === template)?.outputs.latestVersion, 2);
  });

  it("patches an image, and replaces the StatefulSet for its claim template, deleting first", async () => {
    engine.edit(config({ userData: "second", image: "engine@sha256:bbbb" }));
    const patch = succeeded(await engine.preview());
    assert.deepEqual(ops(patch, "update"), [
      "kubernetes:core/v1:ConfigMap::markets",
      "kubernetes:apps/v1:StatefulSet::engine",
    ]);
    engine.edit(config({ userData: "second", storage: "20Gi" }));
    const replacement = succeeded(await engine.preview());
    const step = replacement.steps.find(({ op }) => op === "replace");
    assert.equal(step?.type, "kubernetes:apps/v1:StatefulSet");
    assert.deepEqual(step?.replaceReasons, ["spec.volumeClaimTemplates[0].spec.resources.requests.storage"]);
    const order = replacement.steps.map(({ op }) => op).filter((op) => op.includes("replace"));
    assert.ok(order.indexOf("delete-replaced") < order.indexOf("create-replacement"), order.join());
  });

  it("shows what a new address range would destroy", async () => {
    engine.edit(config({ userData: "second", cidr: "10.2.0.0/16" }));
    const result = succeeded(await engine.preview());
    const replaced = ops(result, "replace");
    for (const victim of [
      "aws:ec2/vpc:Vpc::net",
      "aws:ec2/subnet:Subnet::eu-central-1a",
      "aws:eks/nodeGroup:NodeGroup::nodes",
    ]) {
      assert.ok(replaced.includes(victim), `${victim} is not among ${replaced.join(", ")}`);
    }
  });

  it("refuses the add-on that the cluster component makes as well", async () => {
    engine.edit({
      ...config({ userData: "second" }),
      programPatch: [{ file: "index.ts", find: "kubeProxyAddonOptions: { enabled: false },", replace: "" }],
    });
    succeeded(await engine.preview());
    const result = await engine.up(["--skip-preview"]);
    assert.notEqual(result.exitCode, 0);
    assert.match(result.stdout, /ResourceInUseException: Addon already exists/);
  });

  it("destroys everything", async () => {
    engine.edit(config({ userData: "second" }));
    const { resources } = succeeded(await engine.destroy());
    assert.deepEqual(resources, []);
  });
});

describe("a program that reports a mistake", function () {
  this.timeout(60_000);

  it("fails with its message and without a stack trace", async () => {
    const engine = await openEngine({ project: join(__dirname, "fixtures", "broken"), stack: "test" });
    try {
      const { exitCode, stdout, stderr } = await engine.preview();
      assert.notEqual(exitCode, 0);
      assert.match(stdout + stderr, /engines\.a\.markets: must not be empty \(got \[\]\)/);
      assert.doesNotMatch(stdout + stderr, /^\s+at /m);
    } finally {
      await engine.close();
    }
  });
});

describe("an engine that was closed", function () {
  this.timeout(60_000);

  // An interrupted drill had begun another update on an account that was being removed, and left its lock there.
  it("begins nothing any more", async () => {
    const engine = await openEngine({ project: PROJECT, stack: "test" });
    await engine.close();
    await assert.rejects(engine.preview(), /this engine is closed/);
    await assert.rejects(engine.cancel(), /this engine is closed/);
  });
});
