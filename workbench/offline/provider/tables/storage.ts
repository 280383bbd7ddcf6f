import type { AwsType } from "../aws-type";
import { hex } from "../identity";
import { arn, input, nameFrom, rules } from "./shared";

/** Images, snapshots, logs and buckets. */
export const STORAGE: Readonly<Record<string, AwsType>> = {
  "aws:ecr/repository:Repository": {
    autoname: { field: "name" },
    rules: rules("ecr/repository.go resourceRepository", {
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
    rules: rules("ecr/lifecycle_policy.go resourceLifecyclePolicy", {
      replaces: ["policy", "repository"],
      updates: [],
    }),
    model: ({ inputs, account }) => ({ id: input(inputs, "repository"), outputs: { registryId: account } }),
  },
  "aws:ecr/repositoryPolicy:RepositoryPolicy": {
    rules: rules("ecr/repository_policy.go resourceRepositoryPolicy", {
      replaces: ["repository"],
      updates: ["policy"],
    }),
    model: ({ inputs, account }) => ({ id: input(inputs, "repository"), outputs: { registryId: account } }),
  },
  "aws:dlm/lifecyclePolicy:LifecyclePolicy": {
    rules: rules("dlm/lifecycle_policy.go resourceLifecyclePolicy", {
      replaces: ["defaultPolicy", "policyDetails.policyType"],
      updates: ["description", "executionRoleArn", "policyDetails", "state"],
    }),
    model: (context) => {
      const id = `policy-${hex(context.seed, 17)}`;
      return { id, outputs: { arn: arn("dlm", context, `policy/${id}`) } };
    },
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    autoname: { field: "name", unless: ["namePrefix"] },
    rules: rules("logs/group.go resourceGroup", {
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
    rules: rules("s3/bucket.go resourceBucket", {
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
    rules: rules(`s3/${file}`, { replaces: ["bucket", "expectedBucketOwner"], updates }),
    model: ({ inputs }) => ({ id: input(inputs, "bucket"), outputs: {} }),
  };
}
