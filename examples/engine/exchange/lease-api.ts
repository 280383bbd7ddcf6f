import { createServer, type IncomingMessage, type Server } from "node:http";
import { fields, optionalFields, parseJson, reason, text } from "../core/json";
import { boundPort } from "../shell/http";

interface Stored {
  manifest: Readonly<Record<string, unknown>>;
  version: number;
  /** Monotonic milliseconds of the last write. */
  at: number;
}

/**
 * As much of the coordination API as a lease needs: get, create, update with optimistic locking. For engines outside
 * a cluster; it stays in the process of the test, which can look into it and switch it off.
 */
export class LeaseApi {
  readonly #leases = new Map<string, Stored>();
  readonly #server: Server;
  #versions = 0;
  /** "refusing" answers 503, "hanging" does not answer. */
  outage: "none" | "refusing" | "hanging" = "none";
  /** Monotonic time of each successful write, with the holder that it named. */
  readonly writes: { readonly at: number; readonly name: string; readonly holder: string }[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (this.outage === "hanging") return;
        const { status, body } = this.#safely(request, Buffer.concat(chunks).toString());
        response.writeHead(status, { "content-type": "application/json", connection: "close" });
        response.end(JSON.stringify(body));
      });
    });
  }

  static async start(host = "127.0.0.1", port = 0): Promise<LeaseApi> {
    const api = new LeaseApi();
    await new Promise<void>((resolve, reject) => {
      api.#server.once("error", reject);
      api.#server.listen(port, host, resolve);
    });
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${boundPort(this.#server)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Who holds a lease, "" when nobody does. */
  holder(name: string): string {
    const found = [...this.#leases].find(([path]) => path.endsWith(`/${name}`))?.[1];
    const holder = optionalFields(found?.manifest["spec"])["holderIdentity"];
    return typeof holder === "string" ? holder : "";
  }

  /** Lets another take a lease, as a second engine would after the first one's time. */
  steal(name: string, namespace: string, holder: string, seconds = 3600): void {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
    const transitions = optionalFields(this.#leases.get(path)?.manifest["spec"])["leaseTransitions"];
    this.#store(path, {
      metadata: { name, namespace },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: seconds,
        leaseTransitions: (typeof transitions === "number" ? transitions : 0) + 1,
      },
    });
  }

  #safely(request: IncomingMessage, body: string): { status: number; body: unknown } {
    if (this.outage === "refusing") return { status: 503, body: { message: "scripted outage" } };
    try {
      return this.#answer(request.method ?? "GET", request.url ?? "/", body);
    } catch (error) {
      return { status: 400, body: { message: reason(error) } };
    }
  }

  #answer(method: string, path: string, body: string): { status: number; body: unknown } {
    if (!/^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/[^/]+\/leases(\/[^/]+)?$/.test(path)) {
      return { status: 404, body: { message: "only leases are here" } };
    }
    const found = this.#leases.get(path);
    if (method === "GET") return found ? { status: 200, body: found.manifest } : { status: 404, body: {} };
    const manifest = fields(parseJson(body), "the lease");
    const metadata = fields(manifest["metadata"], "metadata");
    if (method === "POST") {
      const full = `${path}/${text(metadata, "name")}`;
      if (this.#leases.has(full)) return { status: 409, body: { message: "already exists" } };
      return { status: 201, body: this.#store(full, manifest) };
    }
    if (method !== "PUT" && method !== "PATCH") return { status: 405, body: {} };
    if (found === undefined) return { status: 404, body: {} };
    const expected = metadata["resourceVersion"];
    if (expected !== undefined && expected !== String(found.version)) {
      return { status: 409, body: { message: "the object has been modified" } };
    }
    if (method === "PUT") return { status: 200, body: this.#store(path, manifest) };
    const spec = { ...optionalFields(found.manifest["spec"]), ...optionalFields(manifest["spec"]) };
    return { status: 200, body: this.#store(path, { ...found.manifest, spec }) };
  }

  #store(path: string, manifest: Readonly<Record<string, unknown>>): unknown {
    this.#versions += 1;
    const metadata = { ...optionalFields(manifest["metadata"]), resourceVersion: String(this.#versions) };
    const at = performance.now();
    const stored = { manifest: { ...manifest, metadata }, version: this.#versions, at };
    this.#leases.set(path, stored);
    const name = path.slice(path.lastIndexOf("/") + 1);
    this.writes.push({ at, name, holder: this.holder(name) });
    return stored.manifest;
  }
}
