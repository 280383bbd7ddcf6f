import { join, resolve } from "node:path";
import { cacheFolder } from "../offline/paths";

/** The processes of a lab, in the order in which they start. */
export const PROCESSES = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
  "volumes",
] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** Who talks to the lab's API server, each with a certificate of its own. */
export const CLIENTS = ["admin", "kube-controller-manager", "kube-scheduler", "kwok", "volumes"] as const;
export type ClientName = (typeof CLIENTS)[number];

/** Where everything of one lab lies. Nothing of it is anywhere else. */
export interface LabFolder {
  readonly root: string;
  /** Held while a command changes the lab; outside, because `down` removes the folder. */
  readonly lock: string;
  /** What the lab was made with: ports and layout. */
  readonly settings: string;
  readonly etcdData: string;
  readonly stages: string;
  readonly certificates: string;
  /** The administrator's kubeconfig: the one for people and for Pulumi. */
  readonly kubeconfig: string;
  pidFile(name: ProcessName): string;
  log(name: ProcessName): string;
  kubeconfigOf(client: ClientName): string;
  certificate(name: string): string;
  key(name: string): string;
}

export function labFolder(state?: string): LabFolder {
  const root = resolve(state ?? join(cacheFolder(), "lab"));
  const certificates = join(root, "certificates");
  return {
    root,
    lock: `${root}.lock`,
    settings: join(root, "lab.json"),
    etcdData: join(root, "etcd"),
    stages: join(root, "stages.yaml"),
    certificates,
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
  return /^(lab\.json(\.part)?|etcd|stages\.yaml|certificates|logs|[a-z-]+\.(pid|kubeconfig))$/.test(name);
}
