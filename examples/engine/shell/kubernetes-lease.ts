import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { fields, number, optionalFields, parseJson, text } from "../core/json";
import type { LeaseRecord } from "../core/lease-rule";
import type { LeaseStore, StoredLease } from "./lease-store";

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface ApiServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Read for each request: the kubelet renews the token in its file. */
  readonly token?: () => string;
  readonly ca?: string;
}

/** The cluster's API server as a pod sees it. */
export function inCluster(host: string, port: string): ApiServer {
  const address = host.includes(":") ? `[${host}]` : host;
  return {
    url: `https://${address}:${port}`,
    token: () => readFileSync(`${ACCOUNT}/token`, "utf8").trim(),
    ca: readFileSync(`${ACCOUNT}/ca.crt`, "utf8"),
  };
}

/** A Lease of the coordination API. Verbs used: get, update, create, as the stack's Role allows. */
export function kubernetesLease(api: ApiServer, namespace: string, name: string): LeaseStore {
  const all = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  return {
    async read(timeoutMs) {
      const { status, body } = await call(api, "GET", `${all}/${name}`, undefined, timeoutMs);
      if (status === 404) return undefined;
      if (status !== 200) throw new Error(`reading the lease ${name} was answered with ${status}`);
      return fromManifest(body);
    },
    async write(record, version, timeoutMs) {
      const body = manifest(namespace, name, record, version);
      const { status, body: answer } =
        version === undefined
          ? await call(api, "POST", all, body, timeoutMs)
          : await call(api, "PUT", `${all}/${name}`, body, timeoutMs);
      if (status === 409) return undefined;
      if (status !== 200 && status !== 201)
        throw new Error(`writing the lease ${name} was answered with ${status}`);
      return fromManifest(answer);
    },
  };
}

/** leaseDurationSeconds is a whole number of seconds; the exact milliseconds of short leases go beside it. */
const MILLISECONDS = "trading/lease-duration-ms";

function manifest(namespace: string, name: string, record: LeaseRecord, version: string | undefined): string {
  const now = new Date().toISOString().replace("Z", "000Z");
  return JSON.stringify({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name,
      namespace,
      annotations: { [MILLISECONDS]: String(record.durationMs) },
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: Math.max(1, Math.ceil(record.durationMs / 1000)),
      leaseTransitions: record.generation,
      renewTime: now,
    },
  });
}

function fromManifest(body: string): StoredLease {
  const lease = fields(parseJson(body), "the lease");
  const metadata = fields(lease["metadata"], "metadata");
  const spec = optionalFields(lease["spec"]);
  const exact = Number(optionalFields(metadata["annotations"])[MILLISECONDS]);
  const whole =
    1000 * (typeof spec["leaseDurationSeconds"] === "number" ? number(spec, "leaseDurationSeconds") : 15);
  return {
    version: text(metadata, "resourceVersion"),
    record: {
      holder: typeof spec["holderIdentity"] === "string" ? spec["holderIdentity"] : "",
      generation: typeof spec["leaseTransitions"] === "number" ? number(spec, "leaseTransitions") : 0,
      // Another program's annotation may be older than its seconds: the longer of the two is the safe one.
      durationMs: exact > 0 && exact <= whole && whole - exact < 1000 ? exact : whole,
    },
  };
}

function call(
  api: ApiServer,
  method: string,
  path: string,
  body: string | undefined,
  timeoutMs: number,
): Promise<{ status: number; body: string }> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (api.token !== undefined) headers["authorization"] = `Bearer ${api.token()}`;
  // The signal bounds the whole call: a socket timeout alone would let a trickle of bytes go on for ever.
  const options = { method, headers, signal: AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs))) };
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    };
    const url = `${api.url}${path}`;
    const sent = url.startsWith("https:")
      ? httpsRequest(url, { ...options, ...(api.ca === undefined ? {} : { ca: api.ca }) }, answered)
      : httpRequest(url, options, answered);
    sent.on("error", reject);
    sent.end(body);
  });
}
