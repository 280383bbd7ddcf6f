import { z } from "zod";
import type { Answer, KubeClient } from "../lab/kube-client";

/** A Kubernetes object's identity and whatever else it says. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

const resourceListSchema = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** The API does not know a kind: its definition was not applied yet. */
export class UnknownKind extends Error {
  override readonly name = "UnknownKind";
}

const MANAGER = "pulumi";

/** Objects of any kind that an API server has, also of those that somebody defined. */
export class KubeObjects {
  readonly #client: KubeClient;
  readonly #known = new Map<string, z.infer<typeof resourceListSchema>>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Makes an object be as written (server-side apply); with `dryRun` only asks whether that could be done. */
  async apply(object: KubeObject, dryRun = false): Promise<Answer> {
    const query = `?fieldManager=${MANAGER}&force=true&fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
    const path = await this.#path(object);
    return await this.#client.send("PATCH", path + query, object, "application/apply-patch+yaml");
  }

  async get(object: KubeObject): Promise<Answer> {
    return await this.#client.send("GET", await this.#path(object));
  }

  async remove(
    object: KubeObject,
    propagationPolicy: "Orphan" | "Background" | "Foreground",
  ): Promise<Answer> {
    return await this.#client.send("DELETE", await this.#path(object), { propagationPolicy });
  }

  /** The pods that a selector's labels choose, in an object's namespace. */
  async pods(
    { metadata: { namespace } }: KubeObject,
    labels: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const query = `labelSelector=${encodeURIComponent(selector.join(","))}`;
    return (await this.#client.send("GET", `/api/v1/namespaces/${namespace ?? "default"}/pods?${query}`))
      .body;
  }

  async #path({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): Promise<string> {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const found = (await this.#resources(group, kind)).find(
      (resource) => resource.kind === kind && !resource.name.includes("/"),
    );
    if (found === undefined) throw new UnknownKind(`the API server has no kind ${kind} in ${apiVersion}`);
    const place = found.namespaced ? `/namespaces/${namespace ?? "default"}` : "";
    return `${group}${place}/${found.name}/${encodeURIComponent(name)}`;
  }

  // A kind that is missing is looked for again: definitions may come in the same run.
  async #resources(group: string, kind: string): Promise<z.infer<typeof resourceListSchema>["resources"]> {
    const known = this.#known.get(group);
    if (known?.resources.some((resource) => resource.kind === kind)) return known.resources;
    const { status, body } = await this.#client.send("GET", group);
    if (status === 404) return [];
    const list = resourceListSchema.parse(body);
    this.#known.set(group, list);
    return list.resources;
  }
}
