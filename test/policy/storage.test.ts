import assert from "node:assert/strict";
import { volumeTemplateFrozen } from "../../policy/rules/replacement";
import { storageClassTrading } from "../../policy/rules/storage";
import { describeRule } from "./cases";
import { goodStack } from "./fixtures/good";
import { explain, type FixtureStack, type Json, NEVER, runOnChange } from "./support";

const ORPHAN = ["metadata", "annotations", "pulumi.com/deletionPropagationPolicy"];

describeRule(volumeTemplateFrozen, {
  refuses: [
    [
      "no annotation",
      (stack) => stack.set("btc", ORPHAN, undefined),
      /\(not set\): must be "orphan".*deploy the annotation .* first/,
    ],
    ["another policy", (stack) => stack.set("btc", ORPHAN, "background"), /= "background": must be "orphan"/],
    [
      "a generated name",
      (stack) => stack.set("btc", "metadata.name", undefined),
      /metadata\.name \(not set\): must be written out/,
    ],
    ["an empty name", (stack) => stack.set("btc", "metadata.name", ""), /must be written out/],
  ],
  needs: [
    ["the annotation", (stack) => stack.set("btc", ORPHAN, NEVER), /deletionPropagationPolicy/],
    ["the name", (stack) => stack.set("btc", "metadata.name", NEVER), /metadata\.name/],
  ],
});

describe("volume-template-frozen on an existing stack", () => {
  const STORAGE = "spec.volumeClaimTemplates.0.spec.resources.requests.storage";
  const change = (before: FixtureStack, after: FixtureStack) =>
    explain(runOnChange(volumeTemplateFrozen, before, after));
  const unprotected = () => goodStack().set("btc", ORPHAN, undefined);

  it("lets an unchanged engine pass", () => assert.equal(change(unprotected(), goodStack()), "pass"));

  it("lets a template change once the deployed version orphans its pods", () =>
    assert.equal(change(goodStack(), goodStack().set("btc", STORAGE, "100Gi")), "pass"));

  it("refuses a template and the annotation in one change", () =>
    assert.match(
      change(unprotected(), goodStack().set("btc", STORAGE, "100Gi")),
      /volumeClaimTemplates: changes, and the deployed StatefulSet does not carry/,
    ));

  for (const [field, value] of [
    ["serviceName", "other"],
    ["podManagementPolicy", "OrderedReady"],
    ["selector", { matchLabels: {} }],
  ] as const)
    it(`refuses a change of ${field} on a version that stops its pods`, () =>
      assert.match(
        change(unprotected(), goodStack().set("btc", `spec.${field}`, value)),
        new RegExp(`spec\\.${field}.*changes`),
      ));

  it("refuses another name", () =>
    assert.match(
      change(goodStack(), goodStack().set("btc", "metadata.name", "eth")),
      /metadata\.name = "eth": was "btc"/,
    ));
});

const set = (path: string, value: Json | undefined) => (stack: FixtureStack) =>
  stack.set("storage-class", path, value);
const claimClass = (value: Json | undefined) => (stack: FixtureStack) =>
  stack.set("btc", "spec.volumeClaimTemplates.0.spec.storageClassName", value);
const zones = (...values: string[]): Json => [
  { matchLabelExpressions: [{ key: "topology.kubernetes.io/zone", values }] },
];

describeRule(storageClassTrading, {
  accepts: [
    [
      "parameter names in any case",
      (stack) => set("parameters.Encrypted", "true")(set("parameters.encrypted", undefined)(stack)),
    ],
    ["a key by plain ARN", set("parameters.kmsKeyId", "arn:aws:kms:eu-central-1:1:key/2")],
    ["the nodes' zones", set("allowedTopologies", zones("eu-central-1a", "eu-central-1b", "eu-central-1c"))],
    [
      "a class that nobody uses",
      (stack) =>
        stack.add({
          type: "kubernetes:storage.k8s.io/v1:StorageClass",
          name: "scratch",
          inputs: { metadata: { name: "scratch" } },
        }),
    ],
  ],
  refuses: [
    [
      "no encryption",
      set("parameters.encrypted", undefined),
      /parameters\.encrypted \(not set\): must be the text "true"/,
    ],
    [
      "encryption spelt otherwise",
      set("parameters.encrypted", "True"),
      /= "True": must be the text "true"; with any other spelling/,
    ],
    ["no key", set("parameters.kmsKeyId", undefined), /kmsKeyId \(not set\): no key is named/],
    ["another type", set("parameters.type", "gp2"), /must be gp3/],
    ["another provisioner", set("provisioner", "kubernetes.io/aws-ebs"), /must be ebs\.csi\.aws\.com/],
    ["deletion with the claim", set("reclaimPolicy", undefined), /reclaimPolicy \(not set\): must be Retain/],
    ["binding at once", set("volumeBindingMode", "Immediate"), /must be WaitForFirstConsumer/],
    [
      "no expansion",
      set("allowVolumeExpansion", undefined),
      /allowVolumeExpansion \(not set\): must be true/,
    ],
    ["too few operations", set("parameters.iops", "2999"), /must be between 3000 and 80000/],
    ["too much throughput", set("parameters.throughput", "2001"), /must be between 125 and 2000/],
    ["both ways to say operations", set("parameters.iopsPerGB", "50"), /must not be set beside iops/],
    [
      "fewer zones than nodes",
      set("allowedTopologies", zones("eu-central-1a")),
      /leaves out eu-central-1b, eu-central-1c/,
    ],
    ["a claim without class", claimClass(undefined), /storageClassName \(not set\): must name a class/],
    ["a claim with an empty class", claimClass(""), /must name a class/],
    ["a class of nobody", claimClass("gp2"), /= "gp2": is not a StorageClass of this stack/],
    [
      "an unknown key that comes from nowhere",
      (stack) => set("parameters.kmsKeyId", NEVER)(stack.change("storage-class", { sources: {} })),
      /kmsKeyId .*key/,
    ],
  ],
  needs: [
    ["the parameters", set("parameters", NEVER), /parameters/],
    ["the encryption", set("parameters.encrypted", NEVER), /parameters\.encrypted/],
    ["the class's name", set("metadata.name", NEVER), /metadata\.name/],
    ["the claim's class", claimClass(NEVER), /storageClassName/],
  ],
});
