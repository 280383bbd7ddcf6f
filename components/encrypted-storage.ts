import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EbsStorageConfig } from "../config/schema";
import { mebibytesPerSecond } from "../config/units";
import { TYPES } from "./contract";
import { dependencies } from "./dependencies";
import { partitionOf } from "./key-policies";
import type { TradingCluster } from "./trading-cluster";

export interface EncryptedStorageArgs extends EbsStorageConfig {
  environment: string;
  region: string;
  volumeKeyArn: pulumi.Input<string>;
  /** Pulumi's `protect` on the class: its claims cannot be made again with another one. */
  protect: boolean;
  cluster: TradingCluster;
}

const PROVISIONER = "ebs.csi.aws.com";
/** Tag by which the snapshot schedule finds the engines' volumes. */
const SNAPSHOT_TAG = "trading/snapshots";

/**
 * Encrypted gp3 volumes that wait for their engine's zone, grow, and outlive their claim.
 *
 * Cost: gp3 is about 0.08 USD a GiB and month, more for IOPS and throughput over the baseline. Risk: `Retain` leaves
 * volumes behind on purpose; after a `destroy` they must be deleted by hand, once nobody needs their log.
 */
export class EncryptedStorage extends pulumi.ComponentResource {
  /** Plain, so that a claim's class is known in every preview. */
  readonly className: string;

  constructor(name: string, args: EncryptedStorageArgs, opts?: pulumi.ComponentResourceOptions) {
    const { className, environment, volumeKeyArn } = args;
    super(TYPES.storage, name, { className, environment, volumeKeyArn }, opts);
    const inCluster = { parent: this, provider: args.cluster.provider, dependsOn: dependencies(opts) };
    createStorageClass(name, args, inCluster);
    createSnapshotClass(name, inCluster);
    createVolumeAttributes(name, args, inCluster);
    if (args.snapshots) createSnapshotSchedule(this, name, args, args.snapshots);
    this.className = className;
    this.registerOutputs({ className: this.className });
  }
}

/** https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md */
function createStorageClass(
  name: string,
  args: EncryptedStorageArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  new kubernetes.storage.v1.StorageClass(
    `${name}-class`,
    {
      metadata: {
        name: args.className,
        annotations: { "storageclass.kubernetes.io/is-default-class": String(args.defaultClass) },
      },
      provisioner: PROVISIONER,
      parameters: {
        type: "gp3",
        // The driver compares with this very text: "True" provisions an unencrypted volume.
        encrypted: "true",
        kmsKeyId: args.volumeKeyArn,
        iops: String(args.iops),
        throughput: String(mebibytesPerSecond(args.throughput)),
        "csi.storage.k8s.io/fstype": "ext4",
        tagSpecification_1: `trading/environment=${args.environment}`,
        tagSpecification_2: "trading/claim={{ .PVCNamespace }}/{{ .PVCName }}",
        tagSpecification_3: `${SNAPSHOT_TAG}=${args.environment}`,
      },
      volumeBindingMode: "WaitForFirstConsumer",
      reclaimPolicy: "Retain",
      allowVolumeExpansion: true,
    },
    // Immutable in the API, but not among the fields for which the provider replaces by itself.
    { ...opts, protect: args.protect, replaceOnChanges: ["reclaimPolicy", "volumeBindingMode"] },
  );
}

function createSnapshotClass(name: string, opts: pulumi.CustomResourceOptions): void {
  new kubernetes.apiextensions.CustomResource(
    `${name}-snapshot-class`,
    {
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshotClass",
      metadata: { name: "ebs-retained" },
      driver: PROVISIONER,
      deletionPolicy: "Retain",
    },
    opts,
  );
}

function createVolumeAttributes(
  name: string,
  args: EncryptedStorageArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  for (const [className, { iops, throughput }] of Object.entries(args.volumeAttributes))
    new kubernetes.storage.v1.VolumeAttributesClass(
      `${name}-${className}`,
      {
        metadata: { name: className },
        driverName: PROVISIONER,
        parameters: { type: "gp3", iops: String(iops), throughput: String(mebibytesPerSecond(throughput)) },
      },
      opts,
    );
}

function createSnapshotSchedule(
  parent: EncryptedStorage,
  name: string,
  args: EncryptedStorageArgs,
  { everyHours, keep }: NonNullable<EbsStorageConfig["snapshots"]>,
): void {
  const role = new aws.iam.Role(
    `${name}-snapshots`,
    { assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "dlm.amazonaws.com" }) },
    { parent },
  );
  const attachment = new aws.iam.RolePolicyAttachment(
    `${name}-snapshots`,
    {
      role: role.name,
      policyArn: `arn:${partitionOf(args.region)}:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole`,
    },
    { parent },
  );
  new aws.dlm.LifecyclePolicy(
    `${name}-snapshots`,
    {
      description: `Engine volumes of ${args.environment}`,
      executionRoleArn: role.arn,
      state: "ENABLED",
      policyDetails: {
        resourceTypes: ["VOLUME"],
        targetTags: { [SNAPSHOT_TAG]: args.environment },
        schedules: [
          {
            name: `every ${everyHours} hours`,
            createRule: {
              interval: everyHours,
              intervalUnit: "HOURS",
              ...(everyHours === 24 ? { times: "03:00" } : {}),
            },
            retainRule: { count: keep },
            copyTags: true,
          },
        ],
      },
    },
    { parent, dependsOn: attachment },
  );
}
