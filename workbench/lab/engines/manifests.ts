import { z } from "zod";
import * as manifests from "../../../components/engine/manifests";
import type { EngineSpec } from "../../../components/engine/spec";
import { statefulSet } from "../../../components/engine/stateful-set";
import type { Manifest } from "../kube-client";

/** Everything that the engine component makes on Kubernetes, in its order, from the same functions. */
export function engineManifests(spec: EngineSpec): Manifest[] {
  const rbac = "rbac.authorization.k8s.io/v1";
  const fences = [manifests.denyAll(spec), manifests.egressPolicy(spec), manifests.ingressPolicy(spec)];
  return [
    manifest("v1", "Namespace", manifests.namespace(spec)),
    manifest("v1", "ServiceAccount", manifests.serviceAccount(spec)),
    manifest(rbac, "Role", manifests.leaseRole(spec)),
    manifest(rbac, "RoleBinding", manifests.leaseRoleBinding(spec)),
    manifest("v1", "ConfigMap", manifests.marketMap(spec)),
    manifest("v1", "Service", manifests.headlessService(spec)),
    ...fences.map((fence) => manifest("networking.k8s.io/v1", "NetworkPolicy", fence)),
    manifest("scheduling.k8s.io/v1", "PriorityClass", manifests.priorityClass(spec)),
    manifest("policy/v1", "PodDisruptionBudget", manifests.disruptionBudget(spec)),
    manifest("apps/v1", "StatefulSet", statefulSet(spec)),
  ];
}

// The manifests are plain data in which only metadata is read here; JSON makes that a fact.
function manifest(apiVersion: string, kind: string, body: object): Manifest {
  const plain: unknown = JSON.parse(JSON.stringify(body));
  return manifestSchema.parse({ apiVersion, kind, ...z.looseObject({}).parse(plain) });
}

const manifestSchema = z
  .looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  })
  .transform(({ apiVersion, kind, metadata: { name, namespace, ...others }, ...rest }) => ({
    ...rest,
    apiVersion,
    kind,
    metadata: { ...others, name, ...(namespace !== undefined && { namespace }) },
  }));
