import assert from "node:assert/strict";
import { EncryptedStorage } from "../../components/encrypted-storage";
import { EngineRegistry } from "../../components/engine-registry";
import { VolumeKey } from "../../components/volume-key";
import type { EksConfig } from "../../config/schema";
import { childrenOf, recordWith, strangers, VOLUME_KEY } from "../support/components";
import { inventory, ofType, only, type Registered, record } from "../support/mocks";
import { eksStack } from "../support/stack-files";
import { field, items, json, setAt, valueAt } from "../support/values";

const CLASS = "kubernetes:storage.k8s.io/v1:StorageClass";
const KEY = "aws:kms/key:Key";

function storage(config: EksConfig): Promise<Registered> {
  return recordWith(config, ({ env, cluster, volumeKeyArn }) => {
    const { environment } = config;
    return new EncryptedStorage("disks", { ...env, ...config.storage, environment, cluster, volumeKeyArn });
  });
}

describe("EncryptedStorage", () => {
  let registered: Registered;
  before(async () => {
    registered = await storage(
      eksStack("prod", (raw) =>
        setAt(raw, "storage.volumeAttributes", { fast: { iops: 20_000, throughput: "1500 MiB/s" } }),
      ),
    );
  });

  it("is classes and a snapshot schedule, each under its name", () => {
    const component = only(registered, "trading:storage:EncryptedStorage");
    assert.deepEqual(inventory(childrenOf(registered, component)), [
      "aws:dlm/lifecyclePolicy:LifecyclePolicy disks-snapshots",
      "aws:iam/role:Role disks-snapshots",
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment disks-snapshots",
      "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass disks-snapshot-class",
      `${CLASS} disks-class`,
      "kubernetes:storage.k8s.io/v1:VolumeAttributesClass disks-fast",
    ]);
    assert.deepEqual(strangers(registered, component), []);
  });

  it("provisions encrypted gp3 with our key; every parameter is text", () => {
    assert.deepEqual(only(registered, CLASS).inputs["parameters"], {
      type: "gp3",
      encrypted: "true",
      kmsKeyId: VOLUME_KEY,
      iops: "16000",
      throughput: "1000",
      "csi.storage.k8s.io/fstype": "ext4",
      tagSpecification_1: "trading/environment=prod",
      tagSpecification_2: "trading/claim={{ .PVCNamespace }}/{{ .PVCName }}",
      tagSpecification_3: "trading/snapshots=prod",
    });
  });

  it("waits for the engine's zone, grows, and outlives its claim", () => {
    const { inputs } = only(registered, CLASS);
    assert.equal(inputs["provisioner"], "ebs.csi.aws.com");
    assert.equal(inputs["volumeBindingMode"], "WaitForFirstConsumer");
    assert.equal(inputs["reclaimPolicy"], "Retain");
    assert.equal(inputs["allowVolumeExpansion"], true);
    assert.equal(valueAt(inputs, "metadata.name"), "gp3-encrypted");
  });

  it("is no cluster's default unless asked", () => {
    const annotations = valueAt(only(registered, CLASS).inputs, "metadata.annotations");
    assert.equal(field(annotations, "storageclass.kubernetes.io/is-default-class"), "false");
  });

  it("is protected, and replaced where the API would refuse a change", () => {
    const { protect, replaceOnChanges } = only(registered, CLASS);
    assert.equal(protect, true);
    assert.deepEqual(replaceOnChanges, ["reclaimPolicy", "volumeBindingMode"]);
  });

  it("keeps snapshots when their objects go", () => {
    const snapshots = only(registered, "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass");
    assert.equal(snapshots.inputs["deletionPolicy"], "Retain");
    assert.equal(snapshots.inputs["driver"], "ebs.csi.aws.com");
  });

  it("offers faster volumes by name", () => {
    const { inputs } = only(registered, "kubernetes:storage.k8s.io/v1:VolumeAttributesClass");
    assert.equal(inputs["driverName"], "ebs.csi.aws.com");
    assert.deepEqual(inputs["parameters"], { type: "gp3", iops: "20000", throughput: "1500" });
  });

  it("snapshots the volumes with its tag, as often and as long as the config says", () => {
    const details = only(registered, "aws:dlm/lifecyclePolicy:LifecyclePolicy").inputs["policyDetails"];
    assert.deepEqual(valueAt(details, "targetTags"), { "trading/snapshots": "prod" });
    assert.deepEqual(valueAt(details, "schedules[0].createRule"), { interval: 1, intervalUnit: "HOURS" });
    assert.deepEqual(valueAt(details, "schedules[0].retainRule"), { count: 168 });
  });

  it("makes everything in the cluster through its own provider", () => {
    const { urn } = only(registered, "pulumi:providers:kubernetes");
    for (const { type, provider, name } of registered)
      if (type.startsWith("kubernetes:")) assert.ok(provider.startsWith(urn), name);
  });
});

describe("EncryptedStorage without snapshots", () => {
  it("makes no schedule and no role for one", async () => {
    const registered = await storage(eksStack("dev", (raw) => setAt(raw, "storage.snapshots", undefined)));
    assert.deepEqual(ofType(registered, "aws:dlm/lifecyclePolicy:LifecyclePolicy"), []);
    assert.equal(only(registered, CLASS).protect, false);
  });
});

describe("EncryptedStorage with a daily schedule", () => {
  it("has an hour for it", async () => {
    const registered = await storage(eksStack("dev"));
    const { inputs } = only(registered, "aws:dlm/lifecyclePolicy:LifecyclePolicy");
    assert.equal(valueAt(inputs, "policyDetails.schedules[0].createRule.times"), "03:00");
  });
});

describe("VolumeKey", () => {
  const ACCOUNT = { accountId: "111111111111", region: "eu-central-1" };

  it("is a key that turns and takes 30 days to die, with an alias", async () => {
    const registered = await record(() => new VolumeKey("volumes", { ...ACCOUNT, protect: true }));
    const { inputs, protect, name } = only(registered, KEY);
    assert.deepEqual([name, protect], ["volumes-key", true]);
    assert.equal(inputs["enableKeyRotation"], true);
    assert.equal(inputs["deletionWindowInDays"], 30);
    assert.deepEqual(only(registered, "aws:kms/alias:Alias").inputs, {
      name: "alias/volumes",
      targetKeyId: "volumes-key-key-id",
    });
  });

  it("lets Auto Scaling's role use it and grant it, else no node launches", async () => {
    const registered = await record(() => new VolumeKey("volumes", { ...ACCOUNT, protect: false }));
    const statements = items(valueAt(json(only(registered, KEY).inputs["policy"]), "Statement"));
    const role =
      "arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    const [owner, user, granter] = statements;
    assert.equal(valueAt(owner, "Principal.AWS"), "arn:aws:iam::111111111111:root");
    assert.equal(valueAt(user, "Principal.AWS"), role);
    assert.deepEqual(valueAt(user, "Action"), [
      "kms:Encrypt",
      "kms:Decrypt",
      "kms:ReEncrypt*",
      "kms:GenerateDataKey*",
      "kms:DescribeKey",
    ]);
    assert.equal(valueAt(granter, "Principal.AWS"), role);
    assert.deepEqual(valueAt(granter, "Action"), ["kms:CreateGrant"]);
    assert.deepEqual(valueAt(granter, "Condition"), { Bool: { "kms:GrantIsForAWSResource": true } });
  });

  for (const [region, partition] of [
    ["us-gov-west-1", "aws-us-gov"],
    ["cn-north-1", "aws-cn"],
  ] as const)
    it(`names principals of ${partition} in ${region}`, async () => {
      const registered = await record(
        () => new VolumeKey("volumes", { accountId: "111111111111", region, protect: false }),
      );
      const policy = only(registered, KEY).inputs["policy"];
      assert.equal(
        valueAt(json(policy), "Statement[0].Principal.AWS"),
        `arn:${partition}:iam::111111111111:root`,
      );
      assert.doesNotMatch(String(policy), /arn:aws:/);
    });
});

describe("EngineRegistry", () => {
  it("has tags that never move, scans every push and is encrypted with a key of its own", async () => {
    const args = { repository: "trading/engine", accountId: "111111111111", region: "eu-central-1" };
    const registered = await record(() => new EngineRegistry("images", { ...args, protect: true }));
    const repository = only(registered, "aws:ecr/repository:Repository");
    assert.deepEqual(repository.inputs, {
      name: "trading/engine",
      imageTagMutability: "IMMUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: "arn:aws:mock:::images-key" }],
    });
    assert.deepEqual([repository.protect, only(registered, KEY).protect], [true, true]);
    const rules = json(only(registered, "aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs["policy"]);
    assert.deepEqual(valueAt(rules, "rules[0].selection"), {
      tagStatus: "untagged",
      countType: "sinceImagePushed",
      countUnit: "days",
      countNumber: 30,
    });
    assert.deepEqual(strangers(registered, only(registered, "trading:engine:EngineRegistry")), []);
  });
});
