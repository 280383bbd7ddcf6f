import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";
import type { Access } from "./kubeconfig";

/** An object as it is sent: whatever its kind, it says which it is. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** An answer of the API server that was not hoped for. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(path: string, { status, body }: Answer) {
    super(`${path}: ${status} ${messageIn(body)}`);
    this.status = status;
  }
}

const FIELD_MANAGER = "trading-lab";
const TIMEOUT_MILLISECONDS = 15_000;

/** Plural and place of the kinds that the lab and its tests write. */
const KINDS: Readonly<Record<string, readonly [plural: string, namespaced: boolean]>> = {
  ConfigMap: ["configmaps", true],
  CSIDriver: ["csidrivers", false],
  CustomResourceDefinition: ["customresourcedefinitions", false],
  DaemonSet: ["daemonsets", true],
  EndpointSlice: ["endpointslices", true],
  Namespace: ["namespaces", false],
  NetworkPolicy: ["networkpolicies", true],
  Node: ["nodes", false],
  PersistentVolume: ["persistentvolumes", false],
  PodDisruptionBudget: ["poddisruptionbudgets", true],
  PriorityClass: ["priorityclasses", false],
  Role: ["roles", true],
  RoleBinding: ["rolebindings", true],
  Service: ["services", true],
  ServiceAccount: ["serviceaccounts", true],
  StatefulSet: ["statefulsets", true],
  StorageClass: ["storageclasses", false],
  VolumeAttachment: ["volumeattachments", false],
};

/** Path of an object of a known kind. */
export function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const [plural, namespaced] = KINDS[kind] ?? [];
  if (plural === undefined) throw new TypeError(`the lab's client does not know the kind ${kind}`);
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespaced === true ? `/namespaces/${metadata.namespace ?? "default"}` : "";
  return `${group}${place}/${plural}/${metadata.name}`;
}

/** A client of one API server: nothing that a library would be needed for. */
export class KubeClient {
  readonly #access: Access;
  readonly #agent: Agent;

  constructor(access: Access) {
    this.#access = access;
    const { authority: ca, certificate: cert, key } = access;
    this.#agent = new Agent({ ca, cert, key, keepAlive: true });
  }

  /** Sends a request; any answer counts as one. Throws when there is none. */
  async send(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
    const response = await this.#open(method, path, body, type, TIMEOUT_MILLISECONDS);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
    return { status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) };
  }

  /** The body of an object or a list; throws an {@link ApiError} for anything but success. */
  async get(path: string): Promise<unknown> {
    return expectSuccess(path, await this.send("GET", path));
  }

  /** Makes an object be as written, whether it exists or not (server-side apply). */
  async apply(manifest: Manifest): Promise<unknown> {
    const path = pathOf(manifest);
    const query = `?fieldManager=${FIELD_MANAGER}&force=true`;
    return expectSuccess(
      path,
      await this.send("PATCH", path + query, manifest, "application/apply-patch+yaml"),
    );
  }

  /** Makes an object unless it is there; returns whether it had to. */
  async create(manifest: Manifest): Promise<boolean> {
    const path = pathOf(manifest);
    const collection = path.slice(0, path.lastIndexOf("/"));
    const answer = await this.send("POST", collection, manifest);
    if (answer.status === 409) return false;
    expectSuccess(path, answer);
    return true;
  }

  /**
   * Events of a list: those after a version of it or, without one, at first one for each object that is there. Ends
   * when the API server ends it.
   */
  async *watch(path: string, version?: string): AsyncGenerator<unknown> {
    const since = version === undefined ? "" : `&resourceVersion=${version}`;
    const response = await this.#open("GET", `${path}?watch=true${since}`, undefined, "application/json");
    if (response.statusCode !== 200) {
      response.destroy();
      throw new ApiError(path, { status: response.statusCode ?? 0, body: undefined });
    }
    try {
      for await (const line of createInterface({ input: response })) {
        yield parsed(line);
      }
    } finally {
      // Whoever stops reading before the end must not leave the connection open.
      response.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #open(
    method: string,
    path: string,
    body: unknown,
    type: string,
    timeout?: number,
  ): Promise<IncomingMessage> {
    return await new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      // Node announces no length for a DELETE: its body would be read as the next request of the connection.
      const length = text === undefined ? {} : { "content-length": Buffer.byteLength(text) };
      const { server, token } = this.#access;
      const headers = {
        accept: "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(text === undefined ? {} : { "content-type": type, ...length }),
      };
      const outgoing = request(
        // A server may be a folder of a proxy, so its own path stays.
        new URL(server.replace(/\/$/, "") + path),
        { method, agent: this.#agent, headers },
        resolve,
      );
      if (timeout !== undefined) {
        outgoing.setTimeout(timeout, () =>
          outgoing.destroy(new Error(`${path}: no answer within ${timeout} ms`)),
        );
      }
      outgoing.once("error", reject);
      outgoing.end(text);
    });
  }
}

function expectSuccess(path: string, answer: Answer): unknown {
  if (answer.status < 200 || answer.status > 299) throw new ApiError(path, answer);
  return answer.body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageIn(body: unknown): string {
  if (typeof body === "object" && body !== null && "message" in body) return String(body.message);
  return typeof body === "string" ? body : JSON.stringify(body ?? "");
}
