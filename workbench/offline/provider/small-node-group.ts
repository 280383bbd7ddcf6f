import {
  cpuListSize,
  EVICTION_MEBIBYTES,
  type InstanceFacts,
  instanceFacts,
  kubeReservedMillicpu,
  MAX_PODS,
  readUserData,
  visibleMebibytes,
} from "../../../tuning";
import type { NodeGroup } from "../../small/node-group";
import { hex } from "./identity";
import { at, isProperties, type Properties, text, type Value } from "./values";

/** The other AWS objects that a node group is made from. */
export interface NodeGroupParts {
  readonly region: string;
  readonly template: Properties | undefined;
  readonly subnets: readonly Properties[];
}

/** AWS's words for the effects of Kubernetes' taints. */
const EFFECTS: Readonly<Record<string, string>> = {
  NO_SCHEDULE: "NoSchedule",
  PREFER_NO_SCHEDULE: "PreferNoSchedule",
  NO_EXECUTE: "NoExecute",
};

/** What AWS in the small needs to know of an `aws.eks.NodeGroup`, from its outputs and those of what it names. */
export function smallNodeGroup(
  outputs: Properties,
  { region, template, subnets }: NodeGroupParts,
): NodeGroup {
  const size = at(outputs, "scalingConfig", "desiredSize");
  const [instanceType] = array(outputs.instanceTypes).map(String);
  const labels = isProperties(outputs.labels) ? outputs.labels : {};
  return {
    name: text(outputs, "nodeGroupName") ?? "",
    region,
    zones: subnets.map((subnet) => text(subnet, "availabilityZone") ?? ""),
    labels: {
      ...Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)])),
      ...(instanceType !== undefined && { "node.kubernetes.io/instance-type": instanceType }),
    },
    taints: array(outputs.taints).map((taint) => ({
      key: text(taint, "key") ?? "",
      value: text(taint, "value") ?? "",
      effect: EFFECTS[text(taint, "effect") ?? ""] ?? "NoSchedule",
    })),
    size: typeof size === "number" ? size : 0,
    surge: text(outputs, "updateConfig", "updateStrategy") !== "MINIMAL",
    revision: hex(
      JSON.stringify([
        outputs.releaseVersion ?? null,
        outputs.version ?? null,
        at(outputs, "launchTemplate", "id") ?? null,
        at(outputs, "launchTemplate", "version") ?? null,
      ]),
      10,
    ),
    ...nodeSize(instanceFacts(instanceType ?? ""), template),
    description: outputs,
  };
}

/** Size of an instance type that the tables do not know: the smallest that runs the cluster's own pods. */
const UNKNOWN_SIZE = { cpu: "2", memory: "8Gi", pods: String(MAX_PODS) };

// From the user data and the CPU options, as the node itself would find them.
function nodeSize(
  facts: InstanceFacts | undefined,
  template: Properties | undefined,
): Pick<NodeGroup, "capacity" | "allocatable"> {
  if (facts === undefined) return { capacity: UNKNOWN_SIZE, allocatable: UNKNOWN_SIZE };
  const threads = at(template, "cpuOptions", "threadsPerCore");
  const online = facts.cores * (typeof threads === "number" ? threads : facts.threadsPerCore);
  const kubelet = kubeletOf(text(template, "userData"));
  const reservedCpus = kubelet.reservedSystemCPUs;
  const reserved =
    typeof reservedCpus === "string" ? cpuListSize(reservedCpus) * 1000 : kubeReservedMillicpu(online);
  const visible = visibleMebibytes(facts);
  const kept = EVICTION_MEBIBYTES + memoryOf(kubelet.kubeReserved) + memoryOf(kubelet.systemReserved);
  const pods = String(typeof kubelet.maxPods === "number" ? kubelet.maxPods : MAX_PODS);
  return {
    capacity: { cpu: String(online), memory: `${visible}Mi`, pods },
    allocatable: { cpu: `${online * 1000 - reserved}m`, memory: `${visible - kept}Mi`, pods },
  };
}

// The drop-in comes last, as on the node.
function kubeletOf(userData: string | undefined): Readonly<Record<string, unknown>> {
  if (userData === undefined) return {};
  const { nodeConfigs, dropIn } = readUserData(userData);
  const configs = [...nodeConfigs, ...(dropIn === null ? [] : [dropIn])].map(({ spec }) => {
    const kubelet = isProperties(spec) && isProperties(spec.kubelet) ? spec.kubelet : {};
    return isProperties(kubelet.config) ? kubelet.config : {};
  });
  return Object.assign({}, ...configs);
}

function memoryOf(reserved: unknown): number {
  const memory = isProperties(reserved) ? reserved.memory : undefined;
  return Number(/^(\d+)Mi$/.exec(String(memory ?? ""))?.[1] ?? 0);
}

function array(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : [];
}
