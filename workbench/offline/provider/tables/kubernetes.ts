import type { ChangeRules } from "../diff";

// pulumi-kubernetes provider/pkg/provider/diff.go: metadataForceNewProperties applies to every kind, `forceNew` adds to
// it by group, version and kind. What is in neither list is patched in place; `refuses` holds fields that the provider
// tries to patch and the API server forbids (kubernetes pkg/apis/<group>/validation/validation.go, Validate…Update).
const SOURCE = "pulumi-kubernetes v4 provider/pkg/provider/diff.go";
const METADATA = ["metadata.name", "metadata.namespace"];

interface Lists {
  readonly replaces?: readonly string[];
  readonly updates?: readonly string[];
  readonly refuses?: readonly string[];
}

const KINDS: Readonly<Record<string, Lists>> = {
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
  "apps/v1:Deployment": { replaces: ["spec.selector"], updates: ["spec"] },
  // diff.go spells the kind "Daemonset", so its entry never matches: the API server refuses the change instead.
  "apps/v1:DaemonSet": { refuses: ["spec.selector"], updates: ["spec"] },
  "core/v1:ConfigMap": { replaces: ["binaryData", "data"], updates: ["immutable"] },
  "core/v1:Secret": { replaces: ["data", "stringData", "type"], updates: ["immutable"] },
  "core/v1:Namespace": { updates: ["spec"] },
  "core/v1:Service": { replaces: ["spec.clusterIP"], updates: ["spec"] },
  "core/v1:ServiceAccount": { updates: ["automountServiceAccountToken", "imagePullSecrets", "secrets"] },
  "core/v1:PersistentVolumeClaim": {
    replaces: ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
    updates: ["spec.resources", "spec.volumeAttributesClassName"],
  },
  "core/v1:ResourceQuota": { replaces: ["spec.scopes"], updates: ["spec"] },
  "core/v1:LimitRange": { updates: ["spec"] },
  // Only policy/v1beta1 is in diff.go; the spec of policy/v1 is patched.
  "policy/v1:PodDisruptionBudget": { updates: ["spec"] },
  "storage.k8s.io/v1:StorageClass": {
    replaces: ["parameters", "provisioner"],
    // ValidateStorageClassUpdate
    refuses: ["reclaimPolicy", "volumeBindingMode"],
    updates: ["allowVolumeExpansion", "allowedTopologies", "mountOptions"],
  },
  // ValidateVolumeAttributesClassUpdate
  "storage.k8s.io/v1:VolumeAttributesClass": { refuses: ["driverName", "parameters"] },
  // The snapshot CRD carries no immutability rule for a class.
  "snapshot.storage.k8s.io/v1:VolumeSnapshotClass": { updates: ["deletionPolicy", "driver", "parameters"] },
  "networking.k8s.io/v1:NetworkPolicy": { updates: ["spec"] },
  // ValidatePriorityClassUpdate
  "scheduling.k8s.io/v1:PriorityClass": {
    refuses: ["preemptionPolicy", "value"],
    updates: ["description", "globalDefault"],
  },
  "rbac.authorization.k8s.io/v1:Role": { updates: ["rules"] },
  "rbac.authorization.k8s.io/v1:ClusterRole": { updates: ["aggregationRule", "rules"] },
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
