import { join } from "node:path";
import { REPOSITORY } from "../offline/paths";
import type { LabFolder, ProcessName } from "./paths";
import type { ProcessCommand } from "./processes";
import type { LabSettings } from "./settings";
import type { LabTools } from "./tools";

/** Addresses of Services and of simulated pods: nothing routes them, they only have to be different. */
const SERVICE_CIDR = "10.97.0.0/16";
const POD_CIDR = "10.98.0.0/16";

/** Seconds without a heartbeat until a node counts as lost. */
const NODE_GRACE = 20;
/** As the kubelet's default: kwok renews at a quarter of it. */
const NODE_LEASE_SECONDS = 40;

/** Annotation of the nodes that kwok plays. */
export const SIMULATED = { key: "kwok.x-k8s.io/node", value: "fake" } as const;

/** How each process of a lab is started. */
export function processCommand(
  name: ProcessName,
  lab: LabFolder,
  settings: LabSettings,
  tools: LabTools,
): ProcessCommand {
  const [binary, args] = COMMANDS[name](lab, settings.ports, tools);
  // ts-node takes the tsconfig.json of the folder that it runs in.
  return { name, binary, args, ...(name === "volumes" && { cwd: REPOSITORY }) };
}

type Command = (lab: LabFolder, ports: LabSettings["ports"], tools: LabTools) => readonly [string, string[]];

const COMMANDS: Readonly<Record<ProcessName, Command>> = {
  etcd: (lab, ports, tools) => [
    // Go names a program after its package's folder.
    join(tools.etcd, "server"),
    flags({
      "data-dir": lab.etcdData,
      "listen-client-urls": url(ports.etcd),
      "advertise-client-urls": url(ports.etcd),
      "listen-peer-urls": url(ports.etcdPeer),
      "initial-advertise-peer-urls": url(ports.etcdPeer),
      "initial-cluster": `default=${url(ports.etcdPeer)}`,
      ...etcdCertificates(lab, ""),
      ...etcdCertificates(lab, "peer-"),
      // A lab that loses its last second on a power cut is made again; waiting for the disk would slow every test.
      "unsafe-no-fsync": "true",
      "log-level": "warn",
    }),
  ],
  "kube-apiserver": (lab, ports, tools) => [
    join(tools.kubernetes, "kube-apiserver"),
    flags({
      "etcd-servers": url(ports.etcd),
      "etcd-cafile": lab.certificate("ca"),
      "etcd-certfile": lab.certificate("server"),
      "etcd-keyfile": lab.key("server"),
      "secure-port": String(ports.api),
      "bind-address": "127.0.0.1",
      // No endpoints of the "kubernetes" Service: a loopback address there is refused, and no pod runs that could use it.
      "advertise-address": "127.0.0.1",
      "endpoint-reconciler-type": "none",
      "cert-dir": lab.certificates,
      "tls-cert-file": lab.certificate("server"),
      "tls-private-key-file": lab.key("server"),
      "client-ca-file": lab.certificate("ca"),
      "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
      "service-account-key-file": lab.certificate("service-accounts"),
      "service-account-signing-key-file": lab.key("service-accounts"),
      "service-cluster-ip-range": SERVICE_CIDR,
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      profiling: "false",
    }),
  ],
  "kube-controller-manager": (lab, _ports, tools) => [
    join(tools.kubernetes, "kube-controller-manager"),
    flags({
      ...controller(lab, "kube-controller-manager"),
      "root-ca-file": lab.certificate("ca"),
      "service-account-private-key-file": lab.key("service-accounts"),
      "use-service-account-credentials": "true",
      "node-monitor-grace-period": `${NODE_GRACE}s`,
      "node-monitor-period": "2s",
    }),
  ],
  "kube-scheduler": (lab, _ports, tools) => [
    join(tools.kubernetes, "kube-scheduler"),
    flags(controller(lab, "kube-scheduler")),
  ],
  kwok: (lab, _ports, tools) => [
    join(tools.kwok, "kwok"),
    flags({
      kubeconfig: lab.kubeconfigOf("kwok"),
      config: lab.stages,
      "manage-all-nodes": "false",
      "manage-nodes-with-annotation-selector": `${SIMULATED.key}=${SIMULATED.value}`,
      "node-lease-duration-seconds": String(NODE_LEASE_SECONDS),
      cidr: POD_CIDR,
      "node-ip": "127.0.0.1",
    }),
  ],
  volumes: (lab) => [
    process.execPath,
    [
      "-r",
      require.resolve("ts-node/register/transpile-only"),
      join(__dirname, "volumes", "main.ts"),
      lab.kubeconfigOf("volumes"),
    ],
  ],
};

function controller(lab: LabFolder, name: "kube-controller-manager" | "kube-scheduler") {
  return {
    kubeconfig: lab.kubeconfigOf(name),
    // There is one of each, and nobody asks them anything.
    "leader-elect": "false",
    "secure-port": "0",
    profiling: "false",
  };
}

function etcdCertificates(lab: LabFolder, prefix: "" | "peer-"): Record<string, string> {
  return {
    [`${prefix}cert-file`]: lab.certificate("server"),
    [`${prefix}key-file`]: lab.key("server"),
    [`${prefix}trusted-ca-file`]: lab.certificate("ca"),
    [`${prefix}client-cert-auth`]: "true",
  };
}

function url(port: number): string {
  return `https://127.0.0.1:${port}`;
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
