import type { JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Struct as StructMessage } from "google-protobuf/google/protobuf/struct_pb";

/** A property value as the engine sends it: plain JSON, with {@link UNKNOWN} where a value is not known yet. */
export type Value = null | boolean | number | string | Value[] | Properties;
export interface Properties {
  [key: string]: Value;
}

/** The engine's marker for "known only after the update". */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether the value itself is unknown. */
export function isUnknown(value: Value | undefined): boolean {
  return value === UNKNOWN;
}

/** Whether the value or anything inside it is unknown. */
export function containsUnknown(value: Value | undefined): boolean {
  if (value === undefined || value === null || typeof value !== "object") {
    return isUnknown(value);
  }
  return (Array.isArray(value) ? value : Object.values(value)).some((entry) => containsUnknown(entry));
}

/** Narrows to an object, so that callers may look inside a value without knowing its shape. */
export function isProperties(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of plain keys, or undefined when a step is missing or unknown. */
export function at(value: Value | undefined, ...path: readonly string[]): Value | undefined {
  let current = value;
  for (const key of path) {
    if (!isProperties(current)) {
      return undefined;
    }
    current = current[key];
  }
  return current;
}

/** The known text at a path, or undefined. */
export function text(value: Value | undefined, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" && !isUnknown(found) ? found : undefined;
}

/** Deep equality of two values. */
export function equal(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) {
    return true;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((entry, index) => equal(entry, right[index]));
  }
  if (isProperties(left) && isProperties(right)) {
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...keys].every((key) => equal(left[key], right[key]));
  }
  return false;
}

/** The message's content as plain values. */
export function fromStruct(struct: Struct | undefined): Properties {
  const content: { [key: string]: JavaScriptValue } = struct?.toJavaScript() ?? {};
  return content;
}

/** Plain values as a message. */
export function toStruct(properties: Properties): Struct {
  return StructMessage.fromJavaScript(properties);
}
