import { number } from "./identity";
import { at, isProperties, type Properties, text, type Value } from "./values";

/** Fields that a cluster fills in after it has accepted an object, for the kinds whose status programs read. */
export function liveFields(type: string, inputs: Properties): Properties {
  switch (type) {
    case "kubernetes:apps/v1:StatefulSet":
      return { status: statefulSetStatus(inputs) };
    case "kubernetes:apps/v1:Deployment":
      return { status: deploymentStatus(inputs) };
    case "kubernetes:core/v1:Namespace":
      return { status: { phase: "Active" } };
    case "kubernetes:core/v1:Service":
      return service(inputs);
    case "kubernetes:policy/v1:PodDisruptionBudget":
      return { status: { disruptionsAllowed: 1, observedGeneration: 1 } };
    default:
      return {};
  }
}

function replicasOf(inputs: Properties): Value {
  return at(inputs, "spec", "replicas") ?? 1;
}

// The provider waits until every replica is ready, so an update that succeeded implies this status.
function statefulSetStatus(inputs: Properties): Properties {
  const replicas = replicasOf(inputs);
  return {
    replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    currentReplicas: replicas,
    updatedReplicas: replicas,
    observedGeneration: 1,
  };
}

function deploymentStatus(inputs: Properties): Properties {
  const replicas = replicasOf(inputs);
  return { replicas, readyReplicas: replicas, availableReplicas: replicas, updatedReplicas: replicas };
}

function service(inputs: Properties): Properties {
  const spec = isProperties(inputs.spec) ? inputs.spec : {};
  const seed = `${text(inputs, "metadata", "namespace")}/${text(inputs, "metadata", "name")}`;
  const address = `172.20.${number(seed, 256)}.${1 + number(`${seed}.`, 254)}`;
  const clusterIP = spec.clusterIP ?? address;
  return {
    spec: { ...spec, clusterIP, clusterIPs: spec.clusterIPs ?? [clusterIP] },
    status: { loadBalancer: {} },
  };
}
