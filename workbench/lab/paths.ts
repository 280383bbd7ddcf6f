import { join, resolve } from "node:path";
import { cacheFolder } from "../offline/paths";

/** The processes of a lab, in the order in which they start. */
export const PROCESSES = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "coredns",
  "kwok",
  "volumes",
] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** The processes that a lab has: a DNS server only where there are real pods to ask it. */
export function processesFor({ real }: { readonly real?: object | undefined }): readonly ProcessName[] {
  return PROCESSES.filter((name) => name !== "coredns" || real !== undefined);
}

/** Who talks to the lab's API server, each with a certificate of its own. */
export const CLIENTS = [
  "admin",
  "kube-controller-manager",
  "kube-scheduler",
  "coredns",
  "kwok",
  "volumes",
] as const;
export type ClientName = (typeof CLIENTS)[number];

/** Where everything of one lab lies. Nothing of it is anywhere else. */
export interface LabFolder {
  readonly root: string;
  /** Folder of the lab that this is or, for a node's folder, belongs to: the mark of its processes. */
  readonly lab: string;
  /** Held while a command changes the lab; outside, because `down` removes the folder. */
  readonly lock: string;
  /** What the lab was made with: ports and layout. */
  readonly settings: string;
  readonly etcdData: string;
  readonly stages: string;
  /** CoreDNS's configuration. */
  readonly corefile: string;
  /** A folder for each real node. */
  readonly nodes: string;
  /** A folder for each zone, and in it one for each volume that real nodes mount. */
  readonly disks: string;
  readonly certificates: string;
  /** State of the stack that was brought up on this lab: it goes with the lab. */
  readonly account: string;
  /** The administrator's kubeconfig: the one for people and for Pulumi. */
  readonly kubeconfig: string;
  pidFile(name: string): string;
  log(name: string): string;
  kubeconfigOf(client: ClientName): string;
  certificate(name: string): string;
  key(name: string): string;
}

export function labFolder(state?: string): LabFolder {
  const root = resolve(state ?? join(cacheFolder(), "lab"));
  const certificates = join(root, "certificates");
  return {
    root,
    lab: root,
    lock: `${root}.lock`,
    settings: join(root, "lab.json"),
    etcdData: join(root, "etcd"),
    stages: join(root, "stages.yaml"),
    corefile: join(root, "Corefile"),
    nodes: join(root, "nodes"),
    disks: join(root, "disks"),
    certificates,
    account: join(root, "account"),
    kubeconfig: join(root, "admin.kubeconfig"),
    pidFile: (name) => join(root, `${name}.pid`),
    log: (name) => join(root, "logs", `${name}.log`),
    kubeconfigOf: (client) => join(root, `${client}.kubeconfig`),
    certificate: (name) => join(certificates, `${name}.crt`),
    key: (name) => join(certificates, `${name}.key`),
  };
}

/** Whether a name in a lab's folder is one that the lab gives: nothing else is ever removed. */
export function isOwnEntry(name: string): boolean {
  return /^(lab\.json(\.part)?|etcd|stages\.yaml|Corefile|certificates|logs|nodes|disks|account|overlay-probe|aws-small\.(sock|json(\.part)?)|[a-z-]+\.(pid|kubeconfig))$/.test(
    name,
  );
}
