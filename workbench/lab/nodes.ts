import { HOST_LABEL, NODE_TAINT, ZONE_LABEL } from "../../components/contract";
import { MAX_PODS } from "../../tuning";
import { SIMULATED } from "./commands";
import type { Manifest } from "./kube-client";
import type { RealSettings } from "./real/configs";
import type { NodeRequest } from "./real/node-folder";
import { PAUSE_REFERENCE } from "./real/pause-image";

import type { StackPlan } from "./stack-plan";

interface NodeManifest extends Manifest {
  readonly kind: "Node";
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
}

type Resources = Readonly<Record<"cpu" | "memory" | "pods", string>>;

/** A node for what is not an engine. Its size is not planned anywhere: enough for CoreDNS and the like. */
const SYSTEM_NODE: Resources = { cpu: "2", memory: "8Gi", pods: String(MAX_PODS) };

/** The lab's nodes: in every zone as many trading nodes as planned, and one without a taint in the first zone. */
export function nodeManifests(stack: StackPlan, real: Readonly<Record<string, number>> = {}): NodeManifest[] {
  const trading = stack.zones.flatMap((zone) =>
    Array.from({ length: stack.nodesPerZone }, (_, index) => tradingNode(stack, zone, index)).slice(
      real[zone] ?? 0,
    ),
  );
  const [first = "lab-a"] = stack.zones;
  const system = simulatedNode("system-0", stack.region, first, {}, [], SYSTEM_NODE, SYSTEM_NODE);
  return [...trading, system];
}

/** The lab's real nodes: the first of their zone's, under the names that simulated ones would have. */
export function realNodes({ plan, region }: StackPlan, { real }: Pick<RealSettings, "real">): NodeRequest[] {
  return Object.entries(real.zones).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, index) => ({
      name: `trading-${zone}-${index}`,
      zone,
      labels: {
        ...plan.labels,
        "topology.kubernetes.io/region": region,
        "node.kubernetes.io/instance-type": plan.instanceType,
      },
      taints: [{ ...NODE_TAINT }],
      cpuManager: real.cpuManager,
    })),
  );
}

function tradingNode({ plan, region }: StackPlan, zone: string, index: number): NodeManifest {
  const pods = String(MAX_PODS);
  return simulatedNode(
    `trading-${zone}-${index}`,
    region,
    zone,
    { ...plan.labels, "node.kubernetes.io/instance-type": plan.instanceType },
    [NODE_TAINT],
    {
      cpu: String(plan.cpus.cores * plan.cpus.threadsPerCore),
      memory: `${plan.allocatableMebibytes}Mi`,
      pods,
    },
    { cpu: `${plan.allocatableMillicpu}m`, memory: `${plan.allocatableMebibytes}Mi`, pods },
  );
}

/** A node that kwok plays. */
export function simulatedNode(
  name: string,
  region: string,
  zone: string,
  labels: Readonly<Record<string, string>>,
  taints: readonly object[],
  capacity: Resources,
  allocatable: Resources,
): NodeManifest & { readonly spec: object; readonly status: object } {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        [HOST_LABEL]: name,
        [ZONE_LABEL]: zone,
        "topology.kubernetes.io/region": region,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        ...labels,
      },
      // What a kubelet says of itself: without it nothing is attached to the node.
      ...{ annotations: { [SIMULATED.key]: SIMULATED.value, [ATTACHED_BY_CONTROLLER]: "true" } },
    },
    spec: { providerID: `lab://${name}`, taints: [...taints] },
    status: { capacity, allocatable },
  };
}

/**
 * What the add-on DaemonSets of the real cluster request on every trading node, requested by one that does nothing:
 * without it the lab would promise CPUs that a real node does not have.
 */
export function addonStandIn({ plan }: StackPlan): Manifest & { readonly spec: object } {
  const labels = { app: "addon-requests" };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "addon-requests", namespace: "kube-system" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: plan.labels,
          tolerations: [{ operator: "Exists" }],
          priorityClassName: "system-node-critical",
          containers: [
            {
              name: "requests",
              // Simulated nodes pull nothing, and real ones have it.
              image: PAUSE_REFERENCE,
              resources: {
                requests: { cpu: `${plan.addonMillicpu}m`, memory: `${plan.addonMebibytes}Mi` },
              },
            },
          ],
        },
      },
    },
  };
}

/** The lab's storage: zonal volumes, made when the first pod that wants one has a node. */
export function storageClass(): Manifest & Readonly<Record<string, unknown>> {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: STORAGE_CLASS },
    provisioner: PROVISIONER,
    volumeBindingMode: "WaitForFirstConsumer",
    // As in the real stack: a log outlives its claim.
    reclaimPolicy: "Retain",
    allowVolumeExpansion: true,
  };
}

export const STORAGE_CLASS = "standard";
/** The driver that the lab stands in for: the stacks on AWS name it in their storage classes. */
export const PROVISIONER = "ebs.csi.aws.com";
const ATTACHED_BY_CONTROLLER = "volumes.kubernetes.io/controller-managed-attach-detach";
