import { join } from "node:path";
import { REPOSITORY } from "../offline/paths";
import type { LabFolder, ProcessName } from "./paths";
import type { ProcessCommand } from "./processes";
import { apiHost, type LabSettings } from "./settings";
import { TIMERS } from "./timers";
import type { LabTools } from "./tools";

/** Addresses of Services and of simulated pods: nothing routes them, they only have to be different. */
const POD_CIDR = "10.98.0.0/16";

/** Annotation of the nodes that kwok plays. */
export const SIMULATED = { key: "kwok.x-k8s.io/node", value: "fake" } as const;

/** How each process of a lab is started. */
export function processCommand(
  name: ProcessName,
  lab: LabFolder,
  settings: LabSettings,
  tools: LabTools,
): ProcessCommand {
  const [binary, args] = COMMANDS[name](lab, settings, tools);
  // ts-node takes the tsconfig.json of the folder that it runs in.
  return { name, binary, args, ...(name === "volumes" && { cwd: REPOSITORY }) };
}

type Command = (lab: LabFolder, settings: LabSettings, tools: LabTools) => readonly [string, string[]];

const COMMANDS: Readonly<Record<ProcessName, Command>> = {
  etcd: (lab, { ports }, tools) => [
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
  "kube-apiserver": (lab, settings, tools) => [
    join(tools.kubernetes, "kube-apiserver"),
    flags({
      "etcd-servers": url(settings.ports.etcd),
      "etcd-cafile": lab.certificate("ca"),
      "etcd-certfile": lab.certificate("server"),
      "etcd-keyfile": lab.key("server"),
      "secure-port": String(settings.ports.api),
      "bind-address": apiHost(settings),
      // No endpoints of the "kubernetes" Service: a loopback address there is refused, and its own address needs none.
      "advertise-address": apiHost(settings),
      "endpoint-reconciler-type": "none",
      "cert-dir": lab.certificates,
      "tls-cert-file": lab.certificate("server"),
      "tls-private-key-file": lab.key("server"),
      "client-ca-file": lab.certificate("ca"),
      "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
      "service-account-key-file": lab.certificate("service-accounts"),
      "service-account-signing-key-file": lab.key("service-accounts"),
      "service-cluster-ip-range": serviceRange(settings),
      "kubelet-client-certificate": lab.certificate("admin"),
      "kubelet-client-key": lab.key("admin"),
      "kubelet-preferred-address-types": "InternalIP",
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      profiling: "false",
    }),
  ],
  "kube-controller-manager": (lab, { timers }, tools) => [
    join(tools.kubernetes, "kube-controller-manager"),
    flags({
      ...controller(lab, "kube-controller-manager"),
      "root-ca-file": lab.certificate("ca"),
      "service-account-private-key-file": lab.key("service-accounts"),
      "use-service-account-credentials": "true",
      "node-monitor-grace-period": `${TIMERS[timers].nodeGraceSeconds}s`,
      "node-monitor-period": `${TIMERS[timers].nodeMonitorSeconds}s`,
    }),
  ],
  "kube-scheduler": (lab, _settings, tools) => [
    join(tools.kubernetes, "kube-scheduler"),
    flags(controller(lab, "kube-scheduler")),
  ],
  coredns: (lab, _settings, { real }) => [join(real?.coredns ?? "", "coredns"), ["-conf", lab.corefile]],
  kwok: (lab, { timers }, tools) => [
    join(tools.kwok, "kwok"),
    flags({
      kubeconfig: lab.kubeconfigOf("kwok"),
      config: lab.stages,
      "manage-all-nodes": "false",
      "manage-nodes-with-annotation-selector": `${SIMULATED.key}=${SIMULATED.value}`,
      "node-lease-duration-seconds": String(TIMERS[timers].nodeLeaseSeconds),
      cidr: POD_CIDR,
      "node-ip": "127.0.0.1",
    }),
  ],
  volumes: (lab, { timers }) => [
    process.execPath,
    [
      "-r",
      require.resolve("ts-node/register/transpile-only"),
      join(__dirname, "volumes", "main.ts"),
      lab.kubeconfigOf("volumes"),
      lab.disks,
      String(TIMERS[timers].attachSeconds * 1000),
    ],
  ],
};

function serviceRange({ real }: LabSettings): string {
  return real === undefined ? "10.97.0.0/16" : `10.97.${real.subnet}.0/24`;
}

function controller(lab: LabFolder, name: "kube-controller-manager" | "kube-scheduler") {
  return {
    kubeconfig: lab.kubeconfigOf(name),
    // There is one of each, and nobody asks them anything.
    "leader-elect": "false",
    // Kubernetes' own 20 and 50 a second protect an API server that others use too: here only they would be measured.
    "kube-api-qps": "2000",
    "kube-api-burst": "4000",
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
