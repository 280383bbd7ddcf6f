import { type ChangeRules, diffInputs, type FieldChange } from "./diff";
import { hex, uuid } from "./identity";
import { liveFields } from "./kubernetes-live";
import type { CheckResult, DiffResult, ObjectResult, SimulatedPackage } from "./package";
import type { Registry } from "./registry";
import { isClusterScoped, kubernetesRules } from "./tables/kubernetes";
import { at, isProperties, type Properties, text } from "./values";

const AUTONAMED = "pulumi.com/autonamed";

/** The simulated Kubernetes provider: objects are echoed with what an API server would add. */
export function kubernetesPackage(version: string, registry: Registry): SimulatedPackage {
  return {
    name: "kubernetes",
    version,
    check: ({ urn, type, name, olds, news }) => check(registry, urn, type, name, olds, news),
    diff: (request) => diff(request),
    create: ({ urn, type, inputs, preview }) => {
      const id = objectId(type, inputs);
      if (preview) {
        return { id: "", outputs: inputs };
      }
      if (registry.get(type, id)) {
        throw new Error(alreadyExists(inputs, id));
      }
      return store(registry, urn, type, id, live(`${urn}#${id}`, type, inputs, undefined));
    },
    update: (request) => update(registry, request),
    read: ({ type, id, outputs }) => (registry.get(type, id) ? { id, outputs } : undefined),
    delete: ({ type, id }) => registry.remove(type, id),
    invoke: (token) => {
      throw new Error(`the offline provider does not answer the Kubernetes function ${token}.`);
    },
  };
}

/** The field lists for a type under a provider's configuration: `enableConfigMapMutable` takes the data off the list. */
export function rulesFor(type: string, config: Properties): ChangeRules {
  const rules = kubernetesRules(type);
  const mutable =
    (type === "kubernetes:core/v1:ConfigMap" && isTrue(config.enableConfigMapMutable)) ||
    (type === "kubernetes:core/v1:Secret" && isTrue(config.enableSecretMutable));
  if (!mutable) {
    return rules;
  }
  const data = ["data", "binaryData", "stringData"];
  return {
    ...rules,
    replaces: rules.replaces.filter((path) => !data.includes(path)),
    updates: [...rules.updates, ...data],
  };
}

function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}

function check(
  registry: Registry,
  urn: string,
  type: string,
  name: string,
  olds: Properties,
  news: Properties,
): CheckResult {
  const metadata = isProperties(news.metadata) ? news.metadata : {};
  if (metadata.name !== undefined || metadata.generateName !== undefined || type.endsWith("List")) {
    return { inputs: news, failures: [] };
  }
  const annotations = isProperties(metadata.annotations) ? metadata.annotations : {};
  const kept =
    text(olds, "metadata", "annotations", AUTONAMED) === "true" ? text(olds, "metadata", "name") : undefined;
  const generated = `${name}-${hex(`${urn}#${registry.generation(urn)}`, 8)}`;
  return {
    inputs: {
      ...news,
      metadata: {
        ...metadata,
        name: kept ?? generated,
        annotations: { ...annotations, [AUTONAMED]: "true" },
      },
    },
    failures: [],
  };
}

function diff({
  type,
  config,
  oldInputs,
  news,
  ignore,
}: Parameters<SimulatedPackage["diff"]>[0]): DiffResult {
  const fields = diffInputs(rulesFor(type, config), oldInputs, news, ignore);
  // The real provider deletes first when the program fixed the name and kept it, for two cannot exist.
  const autonamed = text(news, "metadata", "annotations", AUTONAMED) === "true";
  const sameObject = objectId(type, oldInputs) === objectId(type, news);
  return { fields, deleteBeforeReplace: !autonamed && sameObject };
}

function update(registry: Registry, request: Parameters<SimulatedPackage["update"]>[0]): ObjectResult {
  const { urn, type, id, config, oldInputs, oldOutputs, news, preview } = request;
  const refused = diffInputs(rulesFor(type, config), oldInputs, news).filter(
    (field) => field.effect === "refuse",
  );
  if (refused.length > 0) {
    throw new Error(invalid(news, id, refused));
  }
  const outputs = live(urn, type, news, oldOutputs);
  return preview ? { id, outputs } : store(registry, urn, type, id, outputs);
}

function store(registry: Registry, urn: string, type: string, id: string, outputs: Properties): ObjectResult {
  registry.add({ urn, type, id, outputs });
  return { id, outputs };
}

function live(seed: string, type: string, inputs: Properties, old: Properties | undefined): Properties {
  const metadata = isProperties(inputs.metadata) ? inputs.metadata : {};
  const generation = Number(at(old, "metadata", "generation") ?? 0) + 1;
  return {
    ...inputs,
    ...liveFields(type, inputs),
    metadata: {
      ...metadata,
      ...(isClusterScoped(type) ? {} : { namespace: metadata.namespace ?? "default" }),
      uid: text(old, "metadata", "uid") ?? uuid(seed),
      // A fixed instant: nothing in a simulated object may differ from one run to the next.
      creationTimestamp: text(old, "metadata", "creationTimestamp") ?? "2026-01-01T00:00:00Z",
      generation,
      resourceVersion: String(1000 + generation),
    },
  };
}

function objectId(type: string, inputs: Properties): string {
  const name = text(inputs, "metadata", "name") ?? "";
  return isClusterScoped(type) ? name : `${text(inputs, "metadata", "namespace") ?? "default"}/${name}`;
}

function alreadyExists(inputs: Properties, id: string): string {
  return (
    `resource "${id}" was not successfully created by the Kubernetes API server: ` +
    `${text(inputs, "kind") ?? "object"} "${text(inputs, "metadata", "name")}" already exists`
  );
}

function invalid(inputs: Properties, id: string, refused: readonly FieldChange[]): string {
  const fields = refused.map((field) => `${field.path}: Invalid value: field is immutable`).join("; ");
  return (
    `resource "${id}" was not successfully updated by the Kubernetes API server: ` +
    `${text(inputs, "kind") ?? "object"} "${text(inputs, "metadata", "name")}" is invalid: ${fields}. ` +
    "Name these fields in replaceOnChanges to have the object replaced instead."
  );
}
