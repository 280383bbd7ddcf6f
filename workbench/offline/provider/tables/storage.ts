import type { AwsType } from "../aws-type";
import { hex } from "../identity";
import { arn, fromMemory, input, nameFrom, read, rules } from "./shared";

/** Images, snapshots, logs and buckets. */
export const STORAGE: Readonly<Record<string, AwsType>> = {
  "aws:ecr/repository:Repository": {
    autoname: { field: "name" },
    rules: rules(read("ecr/repository.go", "53-146", "2026, 14,804 characters"), {
      replaces: ["encryptionConfigurations", "name"],
      updates: [
        "forceDelete",
        "imageScanningConfiguration",
        "imageTagMutability",
        "imageTagMutabilityExclusionFilters",
      ],
    }),
    model: (context) => {
      const { inputs, account, region } = context;
      const name = input(inputs, "name");
      return {
        id: name,
        outputs: {
          arn: arn("ecr", context, `repository/${name}`),
          registryId: account,
          repositoryUrl: `${account}.dkr.ecr.${region}.amazonaws.com/${name}`,
        },
      };
    },
    unique: ({ name }) =>
      typeof name === "string"
        ? {
            identity: name,
            refusal: `creating ECR Repository (${name}): RepositoryAlreadyExistsException: The repository with name '${name}' already exists`,
          }
        : undefined,
  },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": {
    // The resource has no Update function at all (lines 38-40).
    rules: rules(
      read("ecr/lifecycle_policy.go", "42-64", "commit 00a35305dc1b"),
      { replaces: ["policy", "repository"], updates: [] },
      ["region"],
    ),
    model: ({ inputs, account }) => ({ id: input(inputs, "repository"), outputs: { registryId: account } }),
  },
  "aws:ecr/repositoryPolicy:RepositoryPolicy": {
    rules: rules(fromMemory("ecr/repository_policy.go"), { replaces: ["repository"], updates: ["policy"] }, [
      "region",
    ]),
    model: ({ inputs, account }) => ({ id: input(inputs, "repository"), outputs: { registryId: account } }),
  },
  "aws:dlm/lifecyclePolicy:LifecyclePolicy": {
    // One argument is ForceNew, deep in the schema: policy_details.schedule.copy_tags. default_policy (55-59) is not, and
    // resourceLifecyclePolicyUpdate does not send it.
    rules: rules(read("dlm/lifecycle_policy.go", "42 to the Schema's end", "2026, 52,840 characters"), {
      replaces: ["policyDetails.schedules.copyTags"],
      updates: ["defaultPolicy", "description", "executionRoleArn", "policyDetails", "state"],
    }),
    model: (context) => {
      const id = `policy-${hex(context.seed, 17)}`;
      return { id, outputs: { arn: arn("dlm", context, `policy/${id}`) } };
    },
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    autoname: { field: "name", unless: ["namePrefix"] },
    rules: rules(read("logs/group.go", "44-105", "2026, 10,838 characters"), {
      replaces: ["logGroupClass", "name", "namePrefix"],
      updates: ["deletionProtectionEnabled", "kmsKeyId", "retentionInDays", "skipDestroy"],
    }),
    model: (context) => {
      const name = nameFrom(context);
      return { id: name, outputs: { name, arn: arn("logs", context, `log-group:${name}`) } };
    },
    unique: ({ name }) =>
      typeof name === "string"
        ? {
            identity: name,
            refusal: `creating CloudWatch Logs Log Group (${name}): ResourceAlreadyExistsException: The specified log group already exists`,
          }
        : undefined,
  },
  "aws:s3/bucket:Bucket": {
    autoname: { field: "bucket", unless: ["bucketPrefix"] },
    rules: rules(fromMemory("s3/bucket.go"), {
      replaces: ["bucket", "bucketNamespace", "bucketPrefix", "objectLockEnabled"],
      updates: ["acl", "corsRules", "forceDestroy", "lifecycleRules", "logging", "policy", "versioning"],
    }),
    model: (context) => {
      const bucket = nameFrom(context, "bucket", "bucketPrefix");
      return {
        id: bucket,
        outputs: {
          bucket,
          arn: `arn:aws:s3:::${bucket}`,
          bucketDomainName: `${bucket}.s3.amazonaws.com`,
          bucketRegionalDomainName: `${bucket}.s3.${context.region}.amazonaws.com`,
        },
      };
    },
  },
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketPart("bucket_public_access_block.go", [
    "blockPublicAcls",
    "blockPublicPolicy",
    "ignorePublicAcls",
    "restrictPublicBuckets",
    "skipDestroy",
  ]),
  "aws:s3/bucketVersioning:BucketVersioning": bucketPart("bucket_versioning.go", [
    "mfa",
    "versioningConfiguration",
  ]),
  "aws:s3/bucketPolicy:BucketPolicy": bucketPart("bucket_policy.go", ["policy"]),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": bucketPart(
    "bucket_server_side_encryption_configuration.go",
    ["rules"],
  ),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": bucketPart(
    "bucket_lifecycle_configuration.go",
    ["rules", "transitionDefaultMinimumObjectSize"],
  ),
};

function bucketPart(file: string, updates: readonly string[]): AwsType {
  return {
    rules: rules(fromMemory(`s3/${file}`), { replaces: ["bucket", "expectedBucketOwner"], updates }, [
      "region",
    ]),
    model: ({ inputs }) => ({ id: input(inputs, "bucket"), outputs: {} }),
  };
}
