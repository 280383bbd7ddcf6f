import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { UserError } from "../offline/errors";
import { CLIENTS, type ClientName, type LabFolder } from "./paths";
import { apiHost, type LabSettings } from "./settings";

const run = promisify(execFile);

/** A lab is thrown away long before. */
const DAYS = "3650";

/** Name and groups by which the API server knows each client. */
const SUBJECTS: Readonly<Record<ClientName, string>> = {
  admin: "/O=system:masters/CN=lab-admin",
  "kube-controller-manager": "/CN=system:kube-controller-manager",
  "kube-scheduler": "/CN=system:kube-scheduler",
  // Stand-ins for kubelets and for the storage driver; the lab trusts them with everything.
  coredns: "/O=system:masters/CN=lab-coredns",
  kwok: "/O=system:masters/CN=lab-kwok",
  volumes: "/O=system:masters/CN=lab-volumes",
};

const SERVER_NAMES = [
  "IP:127.0.0.1",
  "DNS:localhost",
  "DNS:kubernetes",
  "DNS:kubernetes.default",
  "DNS:kubernetes.default.svc",
  "DNS:kubernetes.default.svc.cluster.local",
];

/** Makes the lab's own authority and a certificate for each process, where they are not there yet. */
export async function makeCertificates(lab: LabFolder, settings: LabSettings): Promise<void> {
  mkdirSync(lab.certificates, { recursive: true, mode: 0o700 });
  // Written last: a run that was killed half-way is repeated from the beginning.
  const complete = `${lab.certificates}/complete`;
  if (existsSync(complete)) return;
  await openssl("genpkey", ...EC, "-out", lab.key("ca"));
  await openssl(
    ...["req", "-x509", "-new", "-key", lab.key("ca"), "-days", DAYS, "-subj", "/CN=trading lab"],
    ...["-out", lab.certificate("ca")],
  );
  await signed(
    lab,
    "server",
    "/CN=lab-server",
    `subjectAltName=${[...SERVER_NAMES, `IP:${apiHost(settings)}`].join(",")}\nextendedKeyUsage=serverAuth,clientAuth`,
  );
  for (const client of CLIENTS) {
    await signed(lab, client, SUBJECTS[client], "extendedKeyUsage=clientAuth");
  }
  await openssl("genpkey", ...EC, "-out", lab.key("service-accounts"));
  await openssl(
    "pkey",
    "-in",
    lab.key("service-accounts"),
    "-pubout",
    "-out",
    lab.certificate("service-accounts"),
  );
  writeFileSync(complete, "");
}

/** Makes the certificate with which a real node's kubelet is known to the API server. */
export async function makeNodeCertificate(lab: LabFolder, node: string): Promise<void> {
  if (existsSync(lab.certificate(node))) return;
  await signed(lab, node, `/O=system:nodes/CN=system:node:${node}`, "extendedKeyUsage=clientAuth");
}

const EC = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] as const;

async function signed(lab: LabFolder, name: string, subject: string, extensions: string): Promise<void> {
  const request = `${lab.certificates}/${name}.csr`;
  const extensionFile = `${lab.certificates}/${name}.ext`;
  writeFileSync(extensionFile, extensions);
  await openssl("genpkey", ...EC, "-out", lab.key(name));
  await openssl("req", "-new", "-key", lab.key(name), "-subj", subject, "-out", request);
  await openssl(
    ...["x509", "-req", "-in", request, "-CA", lab.certificate("ca"), "-CAkey", lab.key("ca")],
    ...["-CAcreateserial", "-days", DAYS, "-extfile", extensionFile, "-out", lab.certificate(name)],
  );
  rmSync(request);
  rmSync(extensionFile);
}

async function openssl(...args: readonly string[]): Promise<void> {
  try {
    await run("openssl", args);
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    throw new UserError(`openssl could not make the lab's certificates: ${reason}.`);
  }
}
