import assert from "node:assert/strict";
import { ZONE_LABEL } from "../../../components/contract";
import { PROVISIONER } from "../../../workbench/lab/nodes";
import {
  attachmentOf,
  attachStep,
  FINALIZER,
  type Surroundings,
} from "../../../workbench/lab/volumes/attachment";
import { grown, growthStep, waitingForNode } from "../../../workbench/lab/volumes/growth";
import {
  claimOf,
  csiDriver,
  diskOf,
  firstNodeOf,
  folderOf,
  volumeFor,
} from "../../../workbench/lab/volumes/volume";

const SERVED_BY = "volume.kubernetes.io/storage-provisioner";
const CLAIM = {
  metadata: {
    name: "data-trading-engine-0",
    namespace: "trading",
    uid: "1234",
    annotations: {
      "volume.kubernetes.io/selected-node": "trading-eu-central-1a-0",
      [SERVED_BY]: PROVISIONER,
    },
  },
  spec: {
    accessModes: ["ReadWriteOncePod"],
    storageClassName: "standard",
    volumeMode: "Filesystem",
    resources: { requests: { storage: "20Gi" } },
  },
};
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

function claim(edits: { readonly spec?: object; readonly status?: object } = {}) {
  const found = claimOf({ ...CLAIM, ...edits, spec: { ...CLAIM.spec, ...edits.spec } });
  assert.ok(found);
  return found;
}

describe("the lab's volumes", () => {
  it("are made for claims of the driver's classes whose pod has a node, and for no others", () => {
    assert.equal(firstNodeOf(claim()), "trading-eu-central-1a-0");
    assert.equal(firstNodeOf(claim({ spec: { volumeName: "pvc-1" } })), undefined);
    const { metadata, spec } = CLAIM;
    for (const other of [
      { spec, metadata: { ...metadata, annotations: {} } },
      { spec, metadata: { ...metadata, annotations: { ...metadata.annotations, [SERVED_BY]: "x" } } },
      { metadata },
      "not a claim",
    ]) {
      assert.equal(claimOf(other), undefined, JSON.stringify(other));
    }
  });

  it("stay in their zone, keep their data, and are the same volume when asked for twice", () => {
    const volume = plain(volumeFor(claim(), "eu-central-1a"));
    assert.deepEqual(plain(volumeFor(claim(), "eu-central-1a")), volume);
    assert.equal(volume.metadata.name, "pvc-1234");
    assert.deepEqual(volume.spec.accessModes, ["ReadWriteOncePod"]);
    assert.deepEqual(volume.spec.capacity, { storage: "20Gi" });
    assert.equal(volume.spec.persistentVolumeReclaimPolicy, "Retain");
    assert.deepEqual(volume.spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions, [
      { key: ZONE_LABEL, operator: "In", values: ["eu-central-1a"] },
    ]);
    assert.equal(volume.spec.claimRef.uid, "1234");
  });

  it("are disks of the EBS driver, each with an id like EBS's and a folder of its zone", () => {
    const volume = volumeFor(claim(), "eu-central-1a");
    assert.equal(volume.spec.csi.driver, "ebs.csi.aws.com");
    assert.match(volume.spec.csi.volumeHandle, /^vol-[0-9a-f]{17}$/);
    const disk = diskOf(volume);
    assert.deepEqual(disk, {
      volume: "pvc-1234",
      handle: volume.spec.csi.volumeHandle,
      zone: "eu-central-1a",
    });
    assert.ok(disk);
    assert.equal(folderOf(disk, "/disks"), "/disks/eu-central-1a/pvc-1234");
  });

  it("have to be attached, and are given to the pod's group, as the real driver says", () => {
    assert.deepEqual(plain(csiDriver()).spec, {
      attachRequired: true,
      podInfoOnMount: false,
      fsGroupPolicy: "File",
    });
  });
});

const DISK = { volume: "pvc-1234", handle: "vol-01234567890123456", zone: "a" };
const AROUND: Surroundings = { disk: DISK, zone: "a", others: [] };

function attachment(
  node: string,
  {
    metadata = {},
    status = { attached: false },
  }: { readonly metadata?: object; readonly status?: object } = {},
) {
  const found = attachmentOf({
    metadata: { name: `csi-${node}`, ...metadata },
    spec: { attacher: PROVISIONER, nodeName: node, source: { persistentVolumeName: "pvc-1234" } },
    status,
  });
  assert.ok(found);
  return found;
}

describe("the attacher", () => {
  const held = { metadata: { finalizers: [FINALIZER] }, status: { attached: true } };
  const going = { deletionTimestamp: "2026-11-26T00:00:00Z" };
  const refusal = (around: Partial<Surroundings>): string => {
    const step = attachStep(attachment("n1"), { ...AROUND, ...around });
    return step.kind === "refuse" ? step.message : step.kind;
  };

  it("attaches a free disk to a node of its zone, and leaves an attached one alone", () => {
    assert.deepEqual(attachStep(attachment("n1"), AROUND), { kind: "attach", disk: DISK });
    assert.deepEqual(attachStep(attachment("n1", held), AROUND), { kind: "none" });
  });

  it("goes on with an attach that it was ended in", () => {
    const begun = attachment("n1", { metadata: { finalizers: [FINALIZER] } });
    assert.equal(attachStep(begun, AROUND).kind, "attach");
  });

  it("refuses a second node while the disk is attached, being attached or being detached", () => {
    for (const first of [
      held,
      { metadata: { finalizers: [FINALIZER] } },
      { ...held, metadata: { ...held.metadata, ...going } },
    ]) {
      assert.equal(
        refusal({ others: [attachment("n2", first)] }),
        "VolumeInUse: vol-01234567890123456 is attached to n2",
      );
    }
    // One that was itself refused holds nothing.
    assert.equal(refusal({ others: [attachment("n2")] }), "attach");
  });

  it("refuses a node of another zone, a node and a volume that are not there", () => {
    assert.equal(
      refusal({ zone: "b" }),
      "InvalidVolume.ZoneMismatch: vol-01234567890123456 is in a, n1 in b",
    );
    assert.match(refusal({ zone: undefined }), /^InvalidInstanceID.NotFound: .* n1$/);
    assert.match(refusal({ disk: undefined }), /^InvalidVolume.NotFound: .* pvc-1234$/);
  });

  it("says a refusal once, and takes it back when the reason is gone", () => {
    const message = refusal({ zone: "b" });
    const refused = attachment("n1", { status: { attached: false, attachError: { message } } });
    assert.deepEqual(attachStep(refused, { ...AROUND, zone: "b" }), { kind: "none" });
    assert.equal(attachStep(refused, AROUND).kind, "attach");
  });

  it("detaches what is no longer wished for, and only what it attached", () => {
    const leaving = attachment("n1", { ...held, metadata: { ...held.metadata, ...going } });
    assert.deepEqual(attachStep(leaving, AROUND), { kind: "detach" });
    // Also when node and volume are gone already.
    assert.deepEqual(attachStep(leaving, { disk: undefined, zone: undefined, others: [] }), {
      kind: "detach",
    });
    assert.deepEqual(attachStep(attachment("n1", { metadata: going }), AROUND), { kind: "none" });
  });

  it("leaves other drivers' attachments alone", () => {
    const spec = { attacher: "other", nodeName: "n1", source: { persistentVolumeName: "pvc-1234" } };
    assert.equal(attachmentOf({ metadata: { name: "csi-1" }, spec }), undefined);
  });
});

describe("a claim that grows", () => {
  const wants = (storage: string, status: object) =>
    claim({ spec: { volumeName: "pvc-1234", resources: { requests: { storage } } }, status });
  const before = { capacity: { storage: "20Gi" } };
  const pending = { ...before, ...waitingForNode("30Gi", new Date(0)) };

  it("gets a bigger disk first", () => {
    assert.deepEqual(growthStep(wants("30Gi", before), "real"), {
      kind: "disk",
      volume: "pvc-1234",
      storage: "30Gi",
    });
  });

  it("then waits for its node's kubelet; on a simulated node nobody else would end it", () => {
    assert.deepEqual(growthStep(wants("30Gi", pending), "real"), { kind: "kubelet" });
    assert.deepEqual(growthStep(wants("30Gi", pending), undefined), { kind: "kubelet" });
    assert.deepEqual(growthStep(wants("30Gi", pending), "simulated"), {
      kind: "file-system",
      storage: "30Gi",
    });
    const busy = { ...pending, allocatedResourceStatuses: { storage: "NodeResizeInProgress" } };
    assert.deepEqual(growthStep(wants("30Gi", busy), "real"), { kind: "kubelet" });
  });

  it("is done when it has what it asks for, and begins again when it asks for more", () => {
    assert.deepEqual(growthStep(wants("20Gi", before), "real"), { kind: "none" });
    assert.deepEqual(growthStep(wants("30Gi", { capacity: plain(grown("30Gi")).capacity }), "real"), {
      kind: "none",
    });
    assert.equal(growthStep(wants("40Gi", pending), "real").kind, "disk");
  });

  it("is not looked at before it has a volume", () => {
    assert.deepEqual(growthStep(claim(), undefined), { kind: "none" });
    assert.deepEqual(growthStep(claim({ spec: { volumeName: "pvc-1234" } }), undefined), { kind: "none" });
  });
});
