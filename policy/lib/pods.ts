import type { Field } from "./field";
import type { Resource } from "./stack";
import { isList, isMap } from "./value";

/** The pod specs in a resource, wherever they are: in a template, a list, a patch or a custom resource. */
export function podSpecs(resource: Resource): Field[] {
  if (!resource.type.startsWith("kubernetes:")) return [];
  const found: Field[] = [];
  collect(resource.inputs, found);
  return found;
}

function collect(field: Field, found: Field[]): void {
  if (isMap(field.value)) {
    if (isPodSpec(field)) found.push(field);
    else for (const [, member] of field.entries()) collect(member, found);
  } else if (isList(field.value)) {
    for (const element of field.list()) collect(element, found);
  }
}

/** Containers make a pod spec; so do tolerations or a node selector, which is all that a patch may hold. */
function isPodSpec(field: Field): boolean {
  return ["containers", "initContainers", "tolerations"].some((key) => field.at(key).present);
}

/** All containers: ordinary ones, init containers, native sidecars and ephemeral ones. */
export function containers(pod: Field): Field[] {
  return [
    ...pod.at("containers").list(),
    ...pod.at("initContainers").list(),
    ...pod.at("ephemeralContainers").list(),
  ];
}

/** Names of the volumes that the pod's lasting containers mount. */
export function mountedVolumes(pod: Field): ReadonlySet<string> {
  const mounts = pod
    .at("containers")
    .list()
    .flatMap((container) => container.at("volumeMounts").list());
  return new Set(mounts.flatMap((mount) => mount.at("name").text() ?? []));
}

/** An init container that keeps running beside the others. */
export function isSidecar(container: Field): boolean {
  return container.path.includes(".initContainers[") && container.at("restartPolicy").text() === "Always";
}

/** A taint as Kubernetes writes it. */
export interface KubernetesTaint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

/**
 * Whether a toleration covers a taint.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
export function tolerates(toleration: Field, taint: KubernetesTaint): boolean {
  const key = toleration.at("key").text();
  const effect = toleration.at("effect").text();
  const exists = toleration.at("operator").text() === "Exists";
  const anyKey = (key === undefined || key === "") && exists;
  const anyEffect = effect === undefined || effect === "";
  const sameValue = exists || (toleration.at("value").scalar() ?? "") === taint.value;
  return (anyKey || key === taint.key) && (anyEffect || effect === taint.effect) && sameValue;
}

/** Tolerates every taint there is. */
export function toleratesEverything(toleration: Field): boolean {
  const key = toleration.at("key").text();
  return (key === undefined || key === "") && toleration.at("operator").text() === "Exists";
}
