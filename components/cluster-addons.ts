import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/schema";
import { TYPES } from "./contract";
import { dependencies } from "./dependencies";
import { partitionOf } from "./key-policies";

export interface ClusterAddonsArgs {
  clusterName: string;
  region: string;
  versions: ClusterConfig["addons"];
  /** The driver may use this key, and no other. */
  volumeKeyArn: pulumi.Input<string>;
}

type Dependencies = ReturnType<typeof dependencies>;

/** An add-on with what it is configured with. */
interface Addon {
  readonly addonName: string;
  readonly addonVersion: string;
  readonly configuration?: Readonly<Record<string, unknown>>;
}

/**
 * The add-ons that nodes need before they join: pod network, service network, credentials for pods.
 * Created before the first node group, or its nodes come up without a network configuration.
 */
export class NodeAddons extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: Omit<ClusterAddonsArgs, "volumeKeyArn">,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { versions, clusterName } = args;
    super(TYPES.nodeAddons, name, { clusterName, versions }, opts);
    const after = dependencies(opts);
    // NetworkPolicies are only enforced when this agent runs; a policy of this repository refuses them otherwise.
    const vpcCni = {
      addonName: "vpc-cni",
      addonVersion: versions.vpcCni,
      configuration: { enableNetworkPolicy: "true" },
    };
    createAddon(this, name, clusterName, vpcCni, after);
    createAddon(
      this,
      name,
      clusterName,
      { addonName: "kube-proxy", addonVersion: versions.kubeProxy },
      after,
    );
    createAddon(
      this,
      name,
      clusterName,
      { addonName: "eks-pod-identity-agent", addonVersion: versions.podIdentityAgent },
      after,
    );
    this.registerOutputs();
  }
}

/**
 * The add-ons that run on the system nodes: names, volumes, snapshots, node health.
 *
 * Risk: the EBS driver's permissions are scoped to this cluster and to one key; volumes made by another driver must
 * be tagged by hand before it may attach them.
 */
export class ClusterAddons extends pulumi.ComponentResource {
  constructor(name: string, args: ClusterAddonsArgs, opts?: pulumi.ComponentResourceOptions) {
    const { versions, clusterName } = args;
    super(TYPES.addons, name, { clusterName, versions }, opts);
    const after = dependencies(opts);
    createAddon(this, name, clusterName, { addonName: "coredns", addonVersion: versions.coredns }, after);
    createAddon(
      this,
      name,
      clusterName,
      { addonName: "eks-node-monitoring-agent", addonVersion: versions.nodeMonitoringAgent },
      after,
    );
    const snapshots = { addonName: "snapshot-controller", addonVersion: versions.snapshotController };
    const snapshotController = createAddon(this, name, clusterName, snapshots, after);
    const identity = createDriverIdentity(this, name, args);
    // The driver's snapshotter looks for the controller's kinds when it starts.
    const driver = { addonName: "aws-ebs-csi-driver", addonVersion: versions.ebsCsiDriver };
    createAddon(this, name, clusterName, driver, dependencies(opts, [snapshotController, identity]));
    this.registerOutputs();
  }
}

function createAddon(
  parent: pulumi.ComponentResource,
  name: string,
  clusterName: string,
  { addonName, addonVersion, configuration }: Addon,
  dependsOn: Dependencies,
): aws.eks.Addon {
  return new aws.eks.Addon(
    `${name}-${addonName}`,
    {
      clusterName,
      addonName,
      addonVersion,
      resolveConflictsOnCreate: "OVERWRITE",
      resolveConflictsOnUpdate: "OVERWRITE",
      ...(configuration ? { configurationValues: JSON.stringify(configuration) } : {}),
    },
    { parent, dependsOn },
  );
}

/**
 * Credentials of the EBS driver's controller through Pod Identity.
 * https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md
 */
function createDriverIdentity(
  parent: ClusterAddons,
  name: string,
  { clusterName, region, volumeKeyArn }: ClusterAddonsArgs,
): aws.eks.PodIdentityAssociation {
  const role = new aws.iam.Role(`${name}-ebs-csi`, { assumeRolePolicy: POD_IDENTITY_TRUST }, { parent });
  const attachment = new aws.iam.RolePolicyAttachment(
    `${name}-ebs-csi`,
    {
      role: role.name,
      policyArn: `arn:${partitionOf(region)}:iam::aws:policy/service-role/AmazonEBSCSIDriverEKSClusterScopedPolicy`,
    },
    { parent },
  );
  const key = new aws.iam.RolePolicy(
    `${name}-ebs-csi-key`,
    {
      role: role.id,
      policy: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: [
              "kms:Decrypt",
              "kms:GenerateDataKeyWithoutPlaintext",
              "kms:ReEncrypt*",
              "kms:DescribeKey",
            ],
            Resource: volumeKeyArn,
          },
          {
            Effect: "Allow",
            Action: "kms:CreateGrant",
            Resource: volumeKeyArn,
            Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
          },
        ],
      },
    },
    { parent },
  );
  return new aws.eks.PodIdentityAssociation(
    `${name}-ebs-csi`,
    { clusterName, namespace: "kube-system", serviceAccount: "ebs-csi-controller-sa", roleArn: role.arn },
    { parent, dependsOn: [attachment, key] },
  );
}

/** Trust of a role that pods assume. https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html */
export const POD_IDENTITY_TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "pods.eks.amazonaws.com" },
      Action: ["sts:AssumeRole", "sts:TagSession"],
    },
  ],
});
