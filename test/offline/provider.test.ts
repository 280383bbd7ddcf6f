import assert from "node:assert/strict";
import { awsPackage } from "../../workbench/offline/provider/aws-package";
import { kubernetesPackage } from "../../workbench/offline/provider/kubernetes-package";
import { Registry } from "../../workbench/offline/provider/registry";
import { type Properties, UNKNOWN } from "../../workbench/offline/provider/values";

function target(type: string, name: string, config: Properties = {}) {
  return { urn: `urn:pulumi:test::small::${type}::${name}`, type, name, config };
}

const VPC = "aws:ec2/vpc:Vpc";
const ROLE = "aws:iam/role:Role";
const ADDON = "aws:eks/addon:Addon";
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";

describe("simulated AWS", () => {
  it("gives the same ids on every machine and different ones to different resources", () => {
    const create = (name: string) =>
      awsPackage("7", new Registry()).create({ ...target(VPC, name), inputs: {}, preview: false });
    assert.deepEqual(create("a"), create("a"));
    assert.notEqual(create("a").id, create("b").id);
    assert.match(create("a").id, /^vpc-[0-9a-f]{17}$/);
    assert.equal(create("a").outputs.arn, `arn:aws:ec2:eu-central-1:123456789012:vpc/${create("a").id}`);
  });

  it("belongs to the account that the provider allows, with its default tags", () => {
    const config = {
      region: "us-east-1",
      allowedAccountIds: '["111111111111"]',
      defaultTags: '{"tags":{"team":"desk"}}',
    };
    const provider = awsPackage("7", new Registry());
    const { outputs } = provider.create({
      ...target(VPC, "a", config),
      inputs: { tags: { Name: "a" } },
      preview: false,
    });
    assert.match(String(outputs.arn), /^arn:aws:ec2:us-east-1:111111111111:/);
    assert.deepEqual(outputs.tagsAll, { team: "desk", Name: "a" });
    const caller = provider.invoke("aws:index/getCallerIdentity:getCallerIdentity", {}, config);
    assert.equal(caller.accountId, "111111111111");
  });

  it("leaves in a preview unknown what AWS computes, and known what the program says", () => {
    const provider = awsPackage("7", new Registry());
    const inputs = { cidrBlock: "10.0.0.0/16" };
    const { id, outputs } = provider.create({ ...target(VPC, "a"), inputs, preview: true });
    assert.equal(id, "");
    assert.equal(outputs.cidrBlock, "10.0.0.0/16");
    assert.equal(outputs.arn, UNKNOWN);
    assert.equal(outputs.defaultSecurityGroupId, UNKNOWN);
  });

  it("names a resource once, keeps the name, and gives a replacement another", () => {
    const registry = new Registry();
    const provider = awsPackage("7", registry);
    const request = target(ROLE, "nodes");
    const first = provider.check({ ...request, olds: {}, news: {} }).inputs;
    assert.match(String(first.name), /^nodes-[0-9a-f]{7}$/);
    provider.create({ ...request, inputs: first, preview: false });
    assert.equal(provider.check({ ...request, olds: first, news: {} }).inputs.name, first.name);
    assert.notEqual(provider.check({ ...request, olds: {}, news: {} }).inputs.name, first.name);
    assert.deepEqual(provider.check({ ...request, olds: {}, news: { name: "mine" } }).inputs, {
      name: "mine",
    });
  });

  it("refuses a second add-on of the same name with AWS's own words, in an update and not in a preview", () => {
    const provider = awsPackage("7", new Registry());
    const inputs = { clusterName: "c", addonName: "vpc-cni" };
    provider.create({ ...target(ADDON, "first"), inputs, preview: false });
    provider.create({ ...target(ADDON, "second"), inputs, preview: true });
    assert.throws(
      () => provider.create({ ...target(ADDON, "second"), inputs, preview: false }),
      /ResourceInUseException: Addon already exists/,
    );
    provider.create({ ...target(ADDON, "other"), inputs: { ...inputs, clusterName: "d" }, preview: false });
  });

  it("names a function that it does not answer", () => {
    const provider = awsPackage("7", new Registry());
    assert.throws(
      () => provider.invoke("aws:ec2/getAmi:getAmi", {}, {}),
      /aws:ec2\/getAmi:getAmi.*configuration/,
    );
  });

  it("keeps a protected control plane from deletion", () => {
    const provider = awsPackage("7", new Registry());
    const request = { ...target("aws:eks/cluster:Cluster", "c"), id: "c" };
    assert.throws(
      () => provider.delete({ ...request, outputs: { name: "c", deletionProtection: true } }),
      /Deletion protection/,
    );
    provider.delete({ ...request, outputs: { name: "c", deletionProtection: false } });
  });
});

describe("simulated Kubernetes", () => {
  const inputs = { kind: "ConfigMap", metadata: { name: "markets", namespace: "trading" }, data: { a: "1" } };

  it("refuses an object that exists and forgets one that was deleted", () => {
    const provider = kubernetesPackage("4", new Registry());
    const request = target(CONFIG_MAP, "a");
    const { id, outputs } = provider.create({ ...request, inputs, preview: false });
    assert.equal(id, "trading/markets");
    assert.throws(
      () => provider.create({ ...target(CONFIG_MAP, "b"), inputs, preview: false }),
      /"markets" already exists/,
    );
    assert.deepEqual(provider.read({ ...request, id, outputs })?.outputs, outputs);
    provider.delete({ ...request, id, outputs });
    assert.equal(provider.read({ ...request, id, outputs }), undefined);
    provider.create({ ...target(CONFIG_MAP, "b"), inputs, preview: false });
  });

  it("deletes first when a named object is replaced, and not when the provider named it", () => {
    const provider = kubernetesPackage("4", new Registry());
    const request = { ...target(CONFIG_MAP, "a"), oldOutputs: {}, ignore: [] };
    const changed = { ...inputs, data: { a: "2" } };
    assert.equal(provider.diff({ ...request, oldInputs: inputs, news: changed }).deleteBeforeReplace, true);
    const auto = provider.check({ ...request, olds: {}, news: { data: { a: "1" } } }).inputs;
    const autoChanged = { ...auto, data: { a: "2" } };
    assert.equal(
      provider.diff({ ...request, oldInputs: auto, news: autoChanged }).deleteBeforeReplace,
      false,
    );
  });

  it("refuses what the API server calls immutable, naming the field", () => {
    const provider = kubernetesPackage("4", new Registry());
    const type = "kubernetes:storage.k8s.io/v1:StorageClass";
    const olds = { kind: "StorageClass", metadata: { name: "gp3" }, reclaimPolicy: "Delete" };
    const request = { ...target(type, "gp3"), id: "gp3", oldInputs: olds, oldOutputs: olds, preview: true };
    assert.throws(
      () => provider.update({ ...request, news: { ...olds, reclaimPolicy: "Retain" } }),
      /"gp3" is invalid: reclaimPolicy: .*immutable/,
    );
  });
});
