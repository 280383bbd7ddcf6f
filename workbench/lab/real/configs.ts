import type { LabFolder } from "../paths";
import type { LabSettings } from "../settings";
import { TIMERS } from "../timers";
import { hostAddress, nodeAddress, podAddresses } from "./network";
import type { NodeFolder } from "./node-folder";
import { PAUSE_REFERENCE } from "./pause-image";
import type { Snapshotter } from "./snapshotter";

/** What `settings` must hold where there are real nodes. */
export type RealSettings = LabSettings & { readonly real: NonNullable<LabSettings["real"]> };

/** Whether a lab has real nodes. */
export function hasReal(settings: LabSettings): settings is RealSettings {
  return settings.real !== undefined;
}

/** containerd's configuration for one node. */
export function containerdConfig(node: NodeFolder, snapshotter: Snapshotter): string {
  const cri = '[plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${node.root}/containerd"
state = "${node.root}/run"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${node.socket}"
${cri}]
  sandbox_image = "${PAUSE_REFERENCE}"
  # This machine may not raise limits, and has no AppArmor.
  restrict_oom_score_adj = true
  disable_apparmor = true
  # Beside the node's other mounts, so that they are found when the node is taken down.
  netns_mounts_under_state_dir = true
${cri}.containerd]
  snapshotter = "${snapshotter}"
${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
  # Debian's runc keeps what it knows of containers here; one folder for all nodes would mix them.
  Root = "${node.root}/runc"
${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${node.cniConfig}"
`;
}

/** How a node's pods get their interface and address. */
export function cniConfig(node: NodeFolder, { real }: RealSettings): object {
  const [rangeStart, rangeEnd] = podAddresses(real.subnet, node.index);
  return {
    cniVersion: "0.4.0",
    name: "lab",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        ipam: {
          type: "host-local",
          dataDir: `${node.root}/addresses`,
          ranges: [[{ subnet: `10.77.${real.subnet}.0/24`, rangeStart, rangeEnd }]],
          routes: [{ dst: `10.97.${real.subnet}.0/24`, gw: hostAddress(real.subnet) }],
        },
      },
    ],
  };
}

/** The kubelet's configuration; JSON, which it reads as YAML. */
export function kubeletConfig(lab: LabFolder, node: NodeFolder, { real, timers }: RealSettings): object {
  const { nodeLeaseSeconds, nodeStatusSeconds } = TIMERS[timers];
  const seconds = (count: number): string => `${count}s`;
  const isStatic = node.request.cpuManager === "static";
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { x509: { clientCAFile: lab.certificate("ca") }, anonymous: { enabled: false } },
    address: nodeAddress(real.subnet, node.index),
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${node.scope}`,
    clusterDNS: [hostAddress(real.subnet)],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${node.socket}`,
    cpuManagerPolicy: node.request.cpuManager,
    ...(isStatic && { cpuManagerReconcilePeriod: "1s", systemReserved: { cpu: "500m" } }),
    enforceNodeAllocatable: ["pods"],
    // This machine is not the nodes': its own disk and memory are no reason to evict.
    evictionHard: { "memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    failCgroupV1: false,
    failSwapOn: false,
    imageGCHighThresholdPercent: 100,
    makeIPTablesUtilChains: false,
    maxPods: 28,
    nodeLeaseDurationSeconds: nodeLeaseSeconds,
    nodeStatusUpdateFrequency: seconds(nodeStatusSeconds),
    providerID: `lab://${node.request.name}`,
    podLogsDir: `${node.root}/pod-logs`,
    registerWithTaints: node.request.taints,
    resolvConf: node.resolvConf,
  };
}

/** CoreDNS answers for the cluster only: nothing else is to be found from here. */
export function corefile(lab: LabFolder, { real }: RealSettings): string {
  const listen = `bind ${hostAddress(real.subnet)}\n  errors`;
  return `cluster.local:53 {
  ${listen}
  kubernetes cluster.local {
    kubeconfig ${lab.kubeconfigOf("coredns")} lab
    ttl 5
  }
}
.:53 {
  ${listen}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}
