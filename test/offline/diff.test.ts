import assert from "node:assert/strict";
import {
  type ChangeRules,
  computedOutputs,
  diffInputs,
  effectOf,
} from "../../workbench/offline/provider/diff";
import { rulesFor } from "../../workbench/offline/provider/kubernetes-package";
import { AWS_TYPES, GENERIC } from "../../workbench/offline/provider/tables/index";
import { KUBERNETES_KINDS } from "../../workbench/offline/provider/tables/kubernetes";
import { UNKNOWN } from "../../workbench/offline/provider/values";

function rulesOf(type: string): ChangeRules {
  return (AWS_TYPES[type] ?? assert.fail(`${type} is not in the tables`)).rules;
}

describe("what a change does", () => {
  const rules: ChangeRules = {
    source: "test",
    updates: ["size", "template", "tags"],
    replaces: ["zone", "template.id"],
    refuses: ["kind"],
  };

  it("lets the longest path decide, and counts an unlisted field as a replacement", () => {
    assert.deepEqual(effectOf(rules, "size"), { effect: "update", listed: true });
    assert.deepEqual(effectOf(rules, "template.version"), { effect: "update", listed: true });
    assert.deepEqual(effectOf(rules, "template.id"), { effect: "replace", listed: true });
    assert.deepEqual(effectOf(rules, "kind.name"), { effect: "refuse", listed: true });
    assert.deepEqual(effectOf(rules, "brandNew"), { effect: "replace", listed: false });
    // A name that only starts like a listed one is another field.
    assert.deepEqual(effectOf(rules, "sizes"), { effect: "replace", listed: false });
  });

  it("replaces when a whole object that holds a destructive field goes away", () => {
    const fields = diffInputs(rules, { template: { id: "lt-1", version: "1" } }, {});
    assert.deepEqual(
      fields.map(({ path, kind, effect }) => [path, kind, effect]),
      [
        ["template.id", "delete", "replace"],
        ["template.version", "delete", "update"],
      ],
    );
  });

  it("names list entries and awkward keys as the engine does", () => {
    const olds = { tags: { "kubernetes.io/role": "a" }, size: [{ a: 1 }, { a: 2 }] };
    const news = { tags: { "kubernetes.io/role": "b" }, size: [{ a: 1 }, { a: 3 }] };
    assert.deepEqual(
      diffInputs(rules, olds, news).map(({ path }) => path),
      ['tags["kubernetes.io/role"]', "size[1].a"],
    );
  });

  it("sees a value that becomes unknown as a change, and ignores what it is told to", () => {
    assert.equal(diffInputs(rules, { zone: "a" }, { zone: UNKNOWN })[0]?.effect, "replace");
    assert.deepEqual(diffInputs(rules, { zone: "a" }, { zone: "b" }, ["zone"]), []);
    assert.deepEqual(diffInputs(rules, { zone: "a" }, { zone: "a" }), []);
  });
});

describe("tables of AWS types", () => {
  const cases: readonly (readonly [type: string, path: string, effect: string])[] = [
    ["aws:ec2/vpc:Vpc", "cidrBlock", "replace"],
    ["aws:ec2/vpc:Vpc", "enableDnsHostnames", "update"],
    ["aws:ec2/subnet:Subnet", "availabilityZone", "replace"],
    ["aws:ec2/natGateway:NatGateway", "allocationId", "replace"],
    ["aws:ec2/launchTemplate:LaunchTemplate", "userData", "update"],
    ["aws:ec2/launchTemplate:LaunchTemplate", "name", "replace"],
    ["aws:eks/nodeGroup:NodeGroup", "launchTemplate.version", "update"],
    ["aws:eks/nodeGroup:NodeGroup", "launchTemplate.id", "replace"],
    ["aws:eks/nodeGroup:NodeGroup", "releaseVersion", "update"],
    ["aws:eks/nodeGroup:NodeGroup", "instanceTypes", "replace"],
    ["aws:eks/nodeGroup:NodeGroup", "taints", "update"],
    ["aws:eks/cluster:Cluster", "version", "update"],
    ["aws:eks/cluster:Cluster", "roleArn", "replace"],
    ["aws:eks/cluster:Cluster", "vpcConfig.endpointPublicAccess", "update"],
    ["aws:eks/cluster:Cluster", "accessConfig.bootstrapClusterCreatorAdminPermissions", "replace"],
    ["aws:kms/key:Key", "policy", "update"],
    ["aws:ecr/repository:Repository", "imageTagMutability", "update"],
    ["aws:ecr/repository:Repository", "encryptionConfigurations", "replace"],
    ["aws:iam/role:Role", "path", "replace"],
    ["aws:ec2/vpc:Vpc", "region", "replace"],
    ["aws:ec2/vpc:Vpc", "tags.Name", "update"],
  ];
  for (const [type, path, effect] of cases) {
    it(`${effect}s ${type} for ${path}`, () => assert.equal(effectOf(rulesOf(type), path).effect, effect));
  }

  it("lists no field twice", () => {
    for (const [type, { rules }] of Object.entries(AWS_TYPES)) {
      const fields = [...rules.updates, ...rules.replaces, ...(rules.unread ?? [])];
      assert.equal(new Set(fields).size, fields.length, type);
    }
  });

  it("makes a launch template's version unknown for user data, not for its description", () => {
    const rules = rulesOf("aws:ec2/launchTemplate:LaunchTemplate");
    const outputs = (olds: string, news: string, follow: boolean): readonly string[] => {
      const inputs = { updateDefaultVersion: follow };
      const fields = diffInputs(rules, { ...inputs, [olds]: "a" }, { ...inputs, [news]: "b" });
      return computedOutputs(rules, fields, inputs);
    };
    assert.deepEqual(outputs("userData", "userData", false), ["latestVersion"]);
    assert.deepEqual(outputs("userData", "userData", true), ["latestVersion", "defaultVersion"]);
    assert.deepEqual(outputs("description", "description", true), []);
  });

  it("treats every change of an unknown type as destructive", () => {
    assert.equal(effectOf(GENERIC.rules, "anything").effect, "replace");
  });
});

describe("tables of Kubernetes kinds", () => {
  const effect = (type: string, path: string, config = {}): string =>
    effectOf(rulesFor(`kubernetes:${type}`, config), path).effect;

  it("replaces what pulumi-kubernetes replaces, and patches the rest", () => {
    assert.equal(effect("apps/v1:StatefulSet", "spec.template.spec.containers"), "update");
    assert.equal(effect("apps/v1:StatefulSet", "spec.replicas"), "update");
    assert.equal(effect("apps/v1:StatefulSet", "spec.volumeClaimTemplates"), "replace");
    assert.equal(effect("apps/v1:StatefulSet", "spec.serviceName"), "replace");
    assert.equal(effect("core/v1:Service", "spec.clusterIP"), "replace");
    assert.equal(effect("core/v1:Service", "spec.ports"), "update");
    assert.equal(effect("policy/v1:PodDisruptionBudget", "spec.maxUnavailable"), "update");
    assert.equal(effect("storage.k8s.io/v1:StorageClass", "parameters.type"), "replace");
    assert.equal(effect("storage.k8s.io/v1:StorageClass", "reclaimPolicy"), "refuse");
    assert.equal(effect("rbac.authorization.k8s.io/v1:RoleBinding", "roleRef.name"), "replace");
    for (const kind of KUBERNETES_KINDS) {
      assert.equal(effect(kind, "metadata.name"), "replace", kind);
      assert.equal(effect(kind, "metadata.labels.app"), "update", kind);
    }
  });

  it("keeps a ConfigMap only under a provider that allows it", () => {
    assert.equal(effect("core/v1:ConfigMap", "data.markets"), "replace");
    assert.equal(effect("core/v1:ConfigMap", "data.markets", { enableConfigMapMutable: "true" }), "update");
    assert.equal(effect("core/v1:ConfigMap", "data.markets", { enableConfigMapMutable: "false" }), "replace");
  });
});
