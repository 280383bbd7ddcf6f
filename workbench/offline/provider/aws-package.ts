import type { AwsType } from "./aws-type";
import { computedOutputs, diffInputs } from "./diff";
import { ACCOUNT, hex } from "./identity";
import { invokeAws } from "./invokes";
import type { CheckResult, DiffResult, ObjectResult, SimulatedPackage } from "./package";
import type { Registry } from "./registry";
import { AWS_TYPES, GENERIC } from "./tables/index";
import { at, equal, isProperties, isUnknown, type Properties, text, UNKNOWN, type Value } from "./values";

const DEFAULT_REGION = "eu-central-1";

/** The simulated AWS provider. */
export function awsPackage(version: string, registry: Registry): SimulatedPackage {
  return {
    name: "aws",
    version,
    check: ({ urn, type, name, olds, news }) => check(typeOf(type), registry, urn, name, olds, news),
    diff: (request) => diff(typeOf(request.type), request),
    create: ({ urn, type, config, inputs, preview }) => {
      const definition = typeOf(type);
      const seed = `${urn}#${registry.generation(urn)}`;
      const full = { ...settled(inputs), ...inherited(inputs, config, type) };
      const created = definition.model({ seed, inputs: full, ...place(inputs, config), old: undefined });
      if (preview) {
        return { id: "", outputs: { ...unknownFor(created.outputs, full), ...full } };
      }
      refuseDuplicate(definition, registry, type, inputs);
      const outputs = { ...full, ...created.outputs };
      registry.add({ urn, type, id: created.id, outputs });
      return { id: created.id, outputs };
    },
    update: (request) => update(typeOf(request.type), registry, request),
    read: ({ type, id, outputs }) => (registry.get(type, id) ? { id, outputs } : undefined),
    delete: ({ type, id, outputs }) => {
      const refusal = typeOf(type).refuseDelete?.(outputs);
      if (refusal !== undefined) {
        throw new Error(refusal);
      }
      registry.remove(type, id);
    },
    invoke: (token, args, config) => invokeAws(token, args, place({}, config)),
  };
}

function typeOf(type: string): AwsType {
  return AWS_TYPES[type] ?? GENERIC;
}

function regionOf(inputs: Properties, config: Properties): string {
  return text(inputs, "region") ?? text(config, "region") ?? DEFAULT_REGION;
}

// A provider that allows one account is a provider whose credentials belong to it.
function place(
  inputs: Properties,
  config: Properties,
): { readonly region: string; readonly account: string } {
  const allowed = jsonValue(config.allowedAccountIds);
  const first = Array.isArray(allowed) ? allowed[0] : undefined;
  return { region: regionOf(inputs, config), account: typeof first === "string" ? first : ACCOUNT };
}

/** Tags and region that the provider's own configuration adds to a resource's outputs. */
function inherited(inputs: Properties, config: Properties, type: string): Properties {
  const defaults = at(jsonValue(config.defaultTags), "tags");
  const tagsAll = {
    ...(isProperties(defaults) ? defaults : {}),
    ...(isProperties(inputs.tags) ? inputs.tags : {}),
  };
  const global = type.startsWith("aws:iam/");
  return {
    tagsAll: isUnknown(inputs.tags) ? UNKNOWN : tagsAll,
    ...(global ? {} : { region: regionOf(inputs, config) }),
  };
}

// The bridge's note of the names it generated belongs to the inputs only.
function settled({ __defaults, ...inputs }: Properties): Properties {
  return inputs;
}

// Nested provider configuration arrives as JSON in a string.
function jsonValue(value: Value | undefined): Value | undefined {
  if (typeof value !== "string") {
    return value;
  }
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function unknownFor(outputs: Properties, inputs: Properties): Properties {
  return Object.fromEntries(
    Object.keys(outputs)
      .filter((key) => !(key in inputs))
      .map((key) => [key, UNKNOWN]),
  );
}

function check(
  { autoname }: AwsType,
  registry: Registry,
  urn: string,
  name: string,
  olds: Properties,
  news: Properties,
): CheckResult {
  const given =
    autoname && [autoname.field, ...(autoname.unless ?? [])].some((field) => news[field] !== undefined);
  if (!autoname || given) {
    return { inputs: news, failures: [] };
  }
  const { field, suffix = "" } = autoname;
  const generated = `${name}-${hex(`${urn}#${registry.generation(urn)}`, 7)}${suffix}`;
  // The bridge keeps a name that it generated itself and remembers which fields those are.
  return { inputs: { ...news, __defaults: [field], [field]: olds[field] ?? generated }, failures: [] };
}

function diff(definition: AwsType, request: Parameters<SimulatedPackage["diff"]>[0]): DiffResult {
  const { oldInputs, news, ignore } = request;
  const fields = diffInputs(definition.rules, oldInputs, news, [...ignore, "__defaults"]);
  const field = definition.autoname?.field;
  const generated = Array.isArray(news.__defaults) && field !== undefined && news.__defaults.includes(field);
  // A name that the program fixed cannot exist twice, so the bridge deletes the old object first.
  const fixedName =
    field !== undefined && !generated && news[field] !== undefined && equal(news[field], oldInputs[field]);
  return { fields, deleteBeforeReplace: fixedName };
}

function update(
  definition: AwsType,
  registry: Registry,
  request: Parameters<SimulatedPackage["update"]>[0],
): ObjectResult {
  const { urn, type, id, config, oldInputs, oldOutputs, news, preview } = request;
  const fields = diffInputs(definition.rules, oldInputs, news, ["__defaults"]);
  const full = { ...settled(news), ...inherited(news, config, type) };
  const kept = Object.fromEntries(Object.entries(oldOutputs).filter(([key]) => !(key in oldInputs)));
  if (preview) {
    const computed = computedOutputs(definition.rules, fields, news).map((key) => [key, UNKNOWN]);
    return { id, outputs: { ...kept, ...full, ...Object.fromEntries(computed) } };
  }
  const { outputs } = definition.model({ seed: id, inputs: full, ...place(news, config), old: oldOutputs });
  const merged = {
    ...kept,
    ...full,
    ...changedOutputs(outputs, kept, computedOutputs(definition.rules, fields, news)),
  };
  registry.add({ urn, type, id, outputs: merged });
  return { id, outputs: merged };
}

/** Invented digits stay as they were; only what depends on the inputs by the rules is computed again. */
function changedOutputs(outputs: Properties, kept: Properties, recomputed: readonly string[]): Properties {
  return Object.fromEntries(
    Object.entries(outputs).filter(([key]) => recomputed.includes(key) || !(key in kept)),
  );
}

function refuseDuplicate({ unique }: AwsType, registry: Registry, type: string, inputs: Properties): void {
  const wanted = unique?.(inputs);
  const taken = registry
    .all()
    .some((object) => object.type === type && unique?.(object.outputs)?.identity === wanted?.identity);
  if (wanted !== undefined && taken) {
    throw new Error(wanted.refusal);
  }
}
