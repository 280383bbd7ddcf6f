import type { Manifest } from "../lab/kube-client";

const GROUP = "snapshot.storage.k8s.io";
/** https://github.com/kubernetes/enhancements/pull/1111: without it the API server refuses names of its own domain. */
const APPROVAL = { "api-approved.kubernetes.io": "unapproved, a stand-in of the lab" };

/**
 * Stand-ins for the definitions that EKS's snapshot-controller add-on brings: names and scopes as there, without the
 * schemas. Nothing makes snapshots here.
 */
export function snapshotDefinitions(): (Manifest & Readonly<Record<string, unknown>>)[] {
  return [
    definition("VolumeSnapshot", "volumesnapshots", "Namespaced"),
    definition("VolumeSnapshotContent", "volumesnapshotcontents", "Cluster"),
    definition("VolumeSnapshotClass", "volumesnapshotclasses", "Cluster"),
  ];
}

function definition(kind: string, plural: string, scope: "Namespaced" | "Cluster") {
  const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}`, ...{ annotations: APPROVAL } },
    spec: {
      group: GROUP,
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}
