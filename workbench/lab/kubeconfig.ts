import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { CLIENTS, type LabFolder } from "./paths";

/** Name of the context, of its cluster and of its user: what `trading:cluster: { context: lab }` names. */
export const CONTEXT = "lab";

/** What a client needs to reach an API server, and how it says who it is: with a certificate or with a token. */
export interface Access {
  readonly server: string;
  /** PEM text. @default - the authorities that Node.js knows */
  readonly authority?: string;
  /** PEM texts, both or none. */
  readonly certificate?: string;
  readonly key?: string;
  /** Bearer token. */
  readonly token?: string;
}

/** As a lab's own clients have it. */
export type LabAccess = Required<Omit<Access, "token">>;

/** A kubeconfig with everything inside, as JSON, which is YAML: it works wherever it is copied. */
export function kubeconfig({ server, authority, certificate, key }: LabAccess): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": CONTEXT,
    clusters: [{ name: CONTEXT, cluster: { server, "certificate-authority-data": base64(authority) } }],
    users: [
      {
        name: CONTEXT,
        user: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) },
      },
    ],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** How a client of the lab reaches its API server. */
export function accessOf(lab: LabFolder, client: string, server: string): LabAccess {
  return {
    server,
    authority: readFileSync(lab.certificate("ca"), "utf8"),
    certificate: readFileSync(lab.certificate(client), "utf8"),
    key: readFileSync(lab.key(client), "utf8"),
  };
}

/** Writes the kubeconfig of each client. */
export function writeKubeconfigs(lab: LabFolder, server: string): void {
  for (const client of CLIENTS) {
    writeFileSync(lab.kubeconfigOf(client), kubeconfig(accessOf(lab, client, server)), { mode: 0o600 });
  }
}

const fileSchema = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.url(), "certificate-authority-data": z.base64() }) }),
  ]),
  users: z.tuple([
    z.object({ user: z.object({ "client-certificate-data": z.base64(), "client-key-data": z.base64() }) }),
  ]),
});

/** Reads what {@link kubeconfig} wrote. */
export function parseKubeconfig(text: string): LabAccess {
  const { clusters, users } = fileSchema.parse(JSON.parse(text));
  const decoded = (data: string): string => Buffer.from(data, "base64").toString();
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  return {
    server: cluster.server,
    authority: decoded(cluster["certificate-authority-data"]),
    certificate: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
  };
}
