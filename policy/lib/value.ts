import { UnknownValueError } from "@pulumi/policy";

/** Stands for a value that Pulumi cannot know yet: an output of a resource that does not exist. */
export const UNKNOWN: unique symbol = Symbol("unknown until deployed");

/** Plain data of a resource, with {@link UNKNOWN} where the engine has no value yet. */
export type Value =
  | null
  | boolean
  | number
  | string
  | typeof UNKNOWN
  | readonly Value[]
  | { readonly [key: string]: Value };

/** True for an object with keys: neither a list nor null. */
export function isMap(value: unknown): value is { readonly [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly Value[] {
  return Array.isArray(value);
}

/**
 * Copies what the engine hands to a policy into plain data. The engine's object throws when an unknown is read, which
 * would silence the whole rule; here only the leaf is marked.
 *
 * @see https://github.com/pulumi/pulumi-policy/blob/main/sdk/nodejs/policy/proxy.ts
 */
export function readValue(source: unknown): Value | undefined {
  switch (typeof source) {
    case "string":
    case "boolean":
    case "number":
      return source;
    case "object":
      if (source === null) return null;
      return Array.isArray(source) ? readList(source) : readMap(source);
    default:
      // Functions and symbols cannot come over the wire; assets bring methods along.
      return undefined;
  }
}

function readList(source: readonly unknown[]): Value[] {
  return Array.from({ length: source.length }, (_, index) => readMember(source, index) ?? null);
}

function readMap(source: object): { [key: string]: Value } {
  const copy: { [key: string]: Value } = {};
  for (const key of Object.keys(source)) {
    const value = readMember(source, key);
    if (value !== undefined) copy[key] = value;
  }
  return copy;
}

function readMember(source: object, key: PropertyKey): Value | undefined {
  try {
    const member: unknown = Reflect.get(source, key);
    return readValue(member);
  } catch (error) {
    if (error instanceof UnknownValueError) return UNKNOWN;
    throw error;
  }
}
