import type { AwsType } from "../aws-type";
import { alphanumeric, uuid } from "../identity";
import { arn, fromMemory, input, joined, nameFrom, read, rules } from "./shared";

const CREATED = "2026-01-01T00:00:00Z";

/** Roles, policies and keys. */
export const IDENTITY: Readonly<Record<string, AwsType>> = {
  "aws:iam/role:Role": {
    autoname: { field: "name", unless: ["namePrefix"] },
    rules: rules(
      read("iam/role.go", "77-205", "2026, 32,009 characters"),
      {
        replaces: ["name", "namePrefix", "path"],
        updates: [
          "assumeRolePolicy",
          "description",
          "forceDetachPolicies",
          "inlinePolicies",
          "managedPolicyArns",
          "maxSessionDuration",
          "permissionsBoundary",
        ],
      },
      ["tags"],
    ),
    model: (context) => {
      const name = nameFrom(context);
      const path = input(context.inputs, "path") || "/";
      return {
        id: name,
        outputs: {
          name,
          arn: `arn:aws:iam::${context.account}:role${path}${name}`,
          createDate: CREATED,
          uniqueId: `AROA${alphanumeric(context.seed, 17)}`,
        },
      };
    },
    unique: ({ name }) =>
      typeof name === "string"
        ? {
            identity: name,
            refusal: `creating IAM Role (${name}): EntityAlreadyExists: Role with name ${name} already exists.`,
          }
        : undefined,
  },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    // The resource has no Update function at all (lines 19-21).
    rules: rules(
      read("iam/role_policy_attachment.go", "26-37", "commit 04c79849dbe7"),
      { replaces: ["policyArn", "role"], updates: [] },
      [],
    ),
    model: joined("/", "role", "policyArn"),
  },
  "aws:iam/rolePolicy:RolePolicy": {
    autoname: { field: "name", unless: ["namePrefix"] },
    rules: rules(
      read("iam/role_policy.go", "44-78", "commit 02f97af85f89"),
      { replaces: ["name", "namePrefix", "role"], updates: ["policy"] },
      [],
    ),
    model: (context) => {
      const name = nameFrom(context);
      return { id: `${input(context.inputs, "role")}:${name}`, outputs: { name } };
    },
  },
  "aws:iam/policy:Policy": {
    autoname: { field: "name", unless: ["namePrefix"] },
    rules: rules(
      fromMemory("iam/policy.go"),
      {
        replaces: ["description", "name", "namePrefix", "path"],
        updates: ["delayAfterPolicyCreationInMs", "policy"],
      },
      ["tags"],
    ),
    model: (context) => {
      const name = nameFrom(context);
      const policyArn = `arn:aws:iam::${context.account}:policy${input(context.inputs, "path") || "/"}${name}`;
      const outputs = {
        name,
        arn: policyArn,
        policyId: `ANPA${alphanumeric(context.seed, 17)}`,
        attachmentCount: 0,
      };
      return { id: policyArn, outputs };
    },
  },
  "aws:kms/key:Key": {
    rules: rules(read("kms/key.go", "53-131", "commit 00a35305dc1b"), {
      replaces: ["customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"],
      updates: [
        "bypassPolicyLockoutSafetyCheck",
        "deletionWindowInDays",
        "description",
        "enableKeyRotation",
        "isEnabled",
        "policy",
        "rotationPeriodInDays",
      ],
    }),
    model: (context) => {
      const id = uuid(context.seed);
      return { id, outputs: { arn: arn("kms", context, `key/${id}`), keyId: id } };
    },
  },
  "aws:kms/alias:Alias": {
    autoname: { field: "name", unless: ["namePrefix"] },
    rules: rules(
      read("kms/alias.go", "29-63", "commit 01c08000ddb1"),
      { replaces: ["name", "namePrefix"], updates: ["targetKeyId"] },
      ["region"],
    ),
    model: (context) => {
      const name = nameFrom(context);
      const target = input(context.inputs, "targetKeyId");
      const targetKeyArn = target.startsWith("arn:") ? target : arn("kms", context, `key/${target}`);
      return { id: name, outputs: { name, arn: arn("kms", context, name), targetKeyArn } };
    },
    unique: ({ name }) =>
      typeof name === "string"
        ? {
            identity: name,
            refusal: `creating KMS Alias (${name}): AlreadyExistsException: An alias with the name ${name} already exists`,
          }
        : undefined,
  },
};
