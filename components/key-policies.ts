/** KMS key policies as plain JSON: known in every preview, so that a policy pack can read them. */

/** `aws`, or the partition of China's and the US government's regions. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** The role with which Auto Scaling launches nodes. AWS makes it on the account's first Auto Scaling group. */
export function serviceLinkedRoleArn(accountId: string, region: string): string {
  return `arn:${partitionOf(region)}:iam::${accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
}

/**
 * Key of the volumes. Without the grant for Auto Scaling's role no node with an encrypted root volume launches.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
 */
export function volumeKeyPolicy(accountId: string, region: string): string {
  const autoScaling = { AWS: serviceLinkedRoleArn(accountId, region) };
  return document([
    administrators(accountId, region),
    {
      Sid: "AutoScalingUsesTheKey",
      Effect: "Allow",
      Principal: autoScaling,
      Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
      Resource: "*",
    },
    {
      Sid: "AutoScalingGrantsTheKeyToVolumes",
      Effect: "Allow",
      Principal: autoScaling,
      Action: ["kms:CreateGrant"],
      Resource: "*",
      Condition: { Bool: { "kms:GrantIsForAWSResource": true } },
    },
  ]);
}

/** Key of which IAM policies alone decide the use. */
export function accountKeyPolicy(accountId: string, region: string): string {
  return document([administrators(accountId, region)]);
}

function administrators(accountId: string, region: string) {
  return {
    Sid: "AccountDecidesByIam",
    Effect: "Allow",
    Principal: { AWS: `arn:${partitionOf(region)}:iam::${accountId}:root` },
    Action: "kms:*",
    Resource: "*",
  };
}

function document(statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
