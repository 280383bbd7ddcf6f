import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { gibibytes, type Size } from "../config/units";
import { partitionOf } from "./key-policies";

/** What system and trading nodes have in common: a role, encrypted roots, instance metadata by session only. */

const NODE_POLICIES = [
  "AmazonEKSWorkerNodePolicy",
  "AmazonEC2ContainerRegistryPullOnly",
  "AmazonEKS_CNI_Policy",
];

/** Role of the nodes, and the attachments that must outlive them. */
export function createNodeRole(
  parent: pulumi.ComponentResource,
  name: string,
  region: string,
): { role: aws.iam.Role; attachments: aws.iam.RolePolicyAttachment[] } {
  const role = new aws.iam.Role(
    `${name}-node`,
    { assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "ec2.amazonaws.com" }) },
    { parent },
  );
  const attachments = NODE_POLICIES.map(
    (policy) =>
      new aws.iam.RolePolicyAttachment(
        `${name}-node-${policy}`,
        { role: role.name, policyArn: `arn:${partitionOf(region)}:iam::aws:policy/${policy}` },
        { parent },
      ),
  );
  return { role, attachments };
}

/** The part of a launch template that no node may differ in. */
export function baseTemplate(rootVolume: Size, keyArn: pulumi.Input<string>, tags: Record<string, string>) {
  return {
    updateDefaultVersion: true,
    blockDeviceMappings: [
      {
        deviceName: "/dev/xvda",
        ebs: {
          volumeType: "gp3",
          volumeSize: gibibytes(rootVolume),
          encrypted: "true",
          kmsKeyId: keyArn,
          deleteOnTermination: "true",
        },
      },
    ],
    // Two hops: the EBS driver's pods read the attach limit from instance metadata (MutableCSINodeAllocatableCount).
    metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 2 },
    monitoring: { enabled: true },
    tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
  } satisfies aws.ec2.LaunchTemplateArgs;
}
