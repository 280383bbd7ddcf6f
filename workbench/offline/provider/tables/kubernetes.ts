import type { ChangeRules } from "../diff";

// The stored copy of pulumi-kubernetes's force-new lists: a v4 one, not certain to be that of @pulumi/kubernetes 4.34.2.
// Its forceNewProperties (23-39) adds metadata.name and metadata.namespace (207-212) to what `forceNew` (45-162) names by
// group, version and kind; the lines below are of this file. What is in neither is patched in place. `refuses` holds
// fields that the provider therefore patches and the API server forbids, from the kubernetes/kubernetes functions named
// at each kind; that it forbids nothing else in the fields of `updates` is from memory, the snapshot class excepted.
const SOURCE = "pulumi/pulumi-kubernetes provider/pkg/provider/diff.go:23-212 (commit cafe8c4ac4de)";
const METADATA = ["metadata.name", "metadata.namespace"];

interface Lists {
  readonly replaces?: readonly string[];
  readonly updates?: readonly string[];
  readonly refuses?: readonly string[];
}

const KINDS: Readonly<Record<string, Lists>> = {
  // Lines 53-57, 196-205.
  "apps/v1:StatefulSet": {
    replaces: [
      "spec.podManagementPolicy",
      "spec.revisionHistoryLimit",
      "spec.selector",
      "spec.serviceName",
      "spec.volumeClaimTemplates",
    ],
    updates: ["spec"],
  },
  // Lines 53-57, 171-176.
  "apps/v1:Deployment": { replaces: ["spec.selector"], updates: ["spec"] },
  // Lines 53-57, 164-169. Older copies (commit 00302beb58ae) spell the kind "Daemonset", which never matched.
  "apps/v1:DaemonSet": { replaces: ["spec.selector"], updates: ["spec"] },
  // Lines 28-33: unless the provider's configuration makes them mutable (rulesFor), or the object says `immutable`, which
  // no list here can see. A secret's type is on the list in any case (155-157).
  "core/v1:ConfigMap": { replaces: ["binaryData", "data"], updates: ["immutable"] },
  "core/v1:Secret": { replaces: ["data", "stringData", "type"], updates: ["immutable"] },
  "core/v1:Namespace": { updates: ["spec"] },
  // Lines 158-160.
  "core/v1:Service": { replaces: ["spec.clusterIP"], updates: ["spec"] },
  "core/v1:ServiceAccount": { updates: ["automountServiceAccountToken", "imagePullSecrets", "secrets"] },
  // Lines 111-118. A claim's size is patched; commit 00302beb58ae still replaced for it.
  "core/v1:PersistentVolumeClaim": {
    replaces: ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
    updates: ["spec.resources", "spec.volumeAttributesClassName"],
  },
  // Lines 152-154.
  "core/v1:ResourceQuota": { replaces: ["spec.scopes"], updates: ["spec"] },
  "core/v1:LimitRange": { updates: ["spec"] },
  // Lines 62-64 name policy/v1beta1 only; the spec of policy/v1 is patched.
  "policy/v1:PodDisruptionBudget": { updates: ["spec"] },
  // Lines 70-77.
  "storage.k8s.io/v1:StorageClass": {
    replaces: ["parameters", "provisioner"],
    // pkg/apis/storage/validation/validation.go ValidateStorageClassUpdate (a copy of 27,545 characters)
    refuses: ["reclaimPolicy", "volumeBindingMode"],
    updates: ["allowVolumeExpansion", "allowedTopologies", "mountOptions"],
  },
  // ValidateVolumeAttributesClassUpdate in the same file
  "storage.k8s.io/v1:VolumeAttributesClass": { refuses: ["driverName", "parameters"] },
  // kubernetes-csi/external-snapshotter client/config/crd/snapshot.storage.k8s.io_volumesnapshotclasses.yaml (commit
  // 0e0475953e86): no validation rule, so nothing of a class is immutable.
  "snapshot.storage.k8s.io/v1:VolumeSnapshotClass": { updates: ["deletionPolicy", "driver", "parameters"] },
  "networking.k8s.io/v1:NetworkPolicy": { updates: ["spec"] },
  // pkg/apis/scheduling/validation/validation.go ValidatePriorityClassUpdate (a copy of 6,312 characters)
  "scheduling.k8s.io/v1:PriorityClass": {
    refuses: ["preemptionPolicy", "value"],
    updates: ["description", "globalDefault"],
  },
  "rbac.authorization.k8s.io/v1:Role": { updates: ["rules"] },
  "rbac.authorization.k8s.io/v1:ClusterRole": { updates: ["aggregationRule", "rules"] },
  // Lines 65-69, 192-194.
  "rbac.authorization.k8s.io/v1:RoleBinding": { replaces: ["roleRef"], updates: ["subjects"] },
  "rbac.authorization.k8s.io/v1:ClusterRoleBinding": { replaces: ["roleRef"], updates: ["subjects"] },
  "coordination.k8s.io/v1:Lease": { updates: ["spec"] },
};

const CLUSTER_SCOPED = new Set([
  "Namespace",
  "PersistentVolume",
  "StorageClass",
  "VolumeAttributesClass",
  "VolumeSnapshotClass",
  "PriorityClass",
  "ClusterRole",
  "ClusterRoleBinding",
  "CSIDriver",
  "CustomResourceDefinition",
  "RuntimeClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
]);

/** The field lists of a Kubernetes type token; an unknown kind replaces on every change outside its labels. */
export function kubernetesRules(type: string): ChangeRules {
  const lists = KINDS[type.replace(/^kubernetes:/, "").replace(/^storage\/v1/, "storage.k8s.io/v1")] ?? {};
  return {
    source: SOURCE,
    updates: ["metadata", ...(lists.updates ?? [])],
    replaces: ["apiVersion", "kind", ...METADATA, ...(lists.replaces ?? [])],
    refuses: lists.refuses ?? [],
  };
}

/** Whether objects of this type live outside namespaces. */
export function isClusterScoped(type: string): boolean {
  return CLUSTER_SCOPED.has(type.split(":").pop() ?? "");
}

/** The kinds that the table knows, for tests that count them. */
export const KUBERNETES_KINDS: readonly string[] = Object.keys(KINDS);
