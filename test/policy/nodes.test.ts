import { capacityOnDemand, imdsV2, nodeVolumesEncrypted } from "../../policy/rules/nodes";
import { describeRule } from "./cases";
import { keyPolicy, keyStatements } from "./fixtures/nodes";
import { type FixtureStack, type Json, NEVER, Output } from "./support";

const GROUP = "nodes-eu-central-1b";
const TEMPLATE = "nodes-template-eu-central-1b";
const group = (path: string, value: Json | undefined) => (stack: FixtureStack) =>
  stack.set(GROUP, path, value);
const template = (path: string, value: Json | undefined) => (stack: FixtureStack) =>
  stack.set(TEMPLATE, path, value);

describeRule(capacityOnDemand, {
  accepts: [
    ["the default", group("capacityType", undefined)],
    ["no update settings", group("updateConfig", undefined)],
    [
      "Spot for others",
      (stack) =>
        stack.add({
          type: "aws:eks/nodeGroup:NodeGroup",
          name: "batch",
          inputs: { capacityType: "SPOT", labels: { x: "y" } },
        }),
    ],
  ],
  refuses: [
    [
      "Spot",
      group("capacityType", "SPOT"),
      /NodeGroup "nodes-eu-central-1b" capacityType = "SPOT": must be ON_DEMAND; AWS takes/,
    ],
    [
      "two nodes at a time",
      group("updateConfig", { maxUnavailable: 2 }),
      /maxUnavailable = 2: must be one node/,
    ],
    [
      "a percentage",
      group("updateConfig", { maxUnavailablePercentage: 10 }),
      /maxUnavailablePercentage = 10/,
    ],
    ["force", group("forceUpdateVersion", true), /forceUpdateVersion = true/],
    [
      "Spot by launch template",
      template("instanceMarketOptions", { marketType: "spot" }),
      /must not ask for Spot/,
    ],
    [
      "a group with nothing but the taint",
      (stack) =>
        stack.change(GROUP, { parent: "none" }).set(GROUP, "labels", {}).set(GROUP, "capacityType", "SPOT"),
      /must be ON_DEMAND/,
    ],
  ],
  needs: [
    ["the capacity", group("capacityType", NEVER), /capacityType/],
    ["the update settings", group("updateConfig", NEVER), /updateConfig/],
  ],
});

const EBS = "blockDeviceMappings.0.ebs";
const policy = (value: Json) => (stack: FixtureStack) => stack.set("volume-key", "policy", value);
const [root = {}, use = {}, grant = {}] = keyStatements();

describeRule(nodeVolumesEncrypted, {
  config: { trustedKeys: ["arn:aws:kms:eu-central-1:1:key/trusted"] },
  accepts: [
    ["true without quotes", template(`${EBS}.encrypted`, true)],
    [
      "single values for lists",
      policy(
        keyPolicy([
          { ...use, Action: "kms:*", Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } } },
        ]),
      ),
    ],
    [
      "a trusted key elsewhere",
      (stack) =>
        template(
          `${EBS}.kmsKeyId`,
          "arn:aws:kms:eu-central-1:1:key/trusted",
        )(stack.change(TEMPLATE, { sources: {} })),
    ],
    [
      "a key policy as a resource",
      (stack) =>
        policy(keyPolicy([root]))(stack).add({
          type: "aws:kms/keyPolicy:KeyPolicy",
          name: "attached",
          inputs: { policy: keyPolicy() },
          sources: { keyId: ["volume-key"] },
        }),
    ],
    [
      "a key through its alias",
      (stack) =>
        stack
          .add({
            type: "aws:kms/alias:Alias",
            name: "alias",
            inputs: {},
            sources: { targetKeyId: ["volume-key"] },
          })
          .change(TEMPLATE, { sources: { blockDeviceMappings: ["alias"] } }),
    ],
  ],
  refuses: [
    ["no encryption", template(`${EBS}.encrypted`, undefined), /ebs\.encrypted \(not set\): must be "true"/],
    ["encryption off", template(`${EBS}.encrypted`, "false"), /must be "true"/],
    ["no key", template(`${EBS}.kmsKeyId`, undefined), /no key is named/],
    ["no volume", template("blockDeviceMappings", []), /names no volume/],
    [
      "a key from nowhere",
      (stack) => stack.change(TEMPLATE, { sources: {} }),
      /leads to no key of this stack/,
    ],
    [
      "a group without template",
      (stack) => stack.change(GROUP, { sources: { subnetIds: ["private-eu-central-1b"] } }),
      /leads to no launch template/,
    ],
    [
      "a policy without the role",
      policy(keyPolicy([root])),
      /Key "volume-key": its policy does not allow Auto Scaling.* kms:Encrypt, kms:Decrypt/,
    ],
    [
      "a policy without the grant",
      policy(keyPolicy([root, use])),
      /does not allow Auto Scaling's service-linked role kms:CreateGrant/,
    ],
    [
      "a grant without condition",
      policy(keyPolicy([root, use, { ...grant, Condition: {} }])),
      /without the condition kms:GrantIsForAWSResource/,
    ],
    ["a denial", policy(keyPolicy([root, use, { ...grant, Effect: "Deny" }])), /kms:CreateGrant/],
    [
      "another role",
      policy(keyPolicy([root, use, { ...grant, Principal: { AWS: "arn:aws:iam::1:role/x" } }])),
      /kms:CreateGrant/,
    ],
    ["no policy", policy(null), /Key "volume-key" policy \(not set\)/],
    ["a policy that is not JSON", policy("allow all"), /must be JSON/],
  ],
  needs: [
    ["the policy", policy(NEVER), /Key "volume-key" policy/],
    ["a policy that is only known later", policy(new Output(keyPolicy())), /Key "volume-key" policy/],
    ["the mappings", template("blockDeviceMappings", NEVER), /blockDeviceMappings/],
    ["the encryption", template(`${EBS}.encrypted`, NEVER), /ebs\.encrypted/],
  ],
});

describeRule(imdsV2, {
  accepts: [
    ["no hop limit, which is 1", template("metadataOptions", { httpTokens: "required" })],
    ["no metadata at all", template("metadataOptions", { httpEndpoint: "disabled" })],
  ],
  refuses: [
    ["no options", template("metadataOptions", undefined), /httpTokens \(not set\): must be required/],
    ["optional tokens", template("metadataOptions.httpTokens", "optional"), /= "optional": must be required/],
    ["three hops", template("metadataOptions.httpPutResponseHopLimit", 3), /= 3: must be at most 2/],
  ],
  needs: [
    ["the options", template("metadataOptions", NEVER), /metadataOptions/],
    ["the tokens", template("metadataOptions.httpTokens", NEVER), /httpTokens/],
    ["the hop limit", template("metadataOptions.httpPutResponseHopLimit", NEVER), /httpPutResponseHopLimit/],
  ],
});
