/** Readers for JSON that came from elsewhere: a file, a peer, the API server. Each throws one sentence. */

export type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return value;
}

export function fields(value: unknown, what: string): Fields {
  if (isFields(value)) return value;
  throw new Error(`${what} is not a JSON object`);
}

export function optionalFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function text(from: Fields, key: string): string {
  const value = from[key];
  if (typeof value === "string") return value;
  throw new Error(`"${key}" is not a string`);
}

export function number(from: Fields, key: string): number {
  const value = from[key];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error(`"${key}" is not a number`);
}

export function list(from: Fields, key: string): readonly unknown[] {
  const value = from[key];
  if (Array.isArray(value)) return value;
  throw new Error(`"${key}" is not a list`);
}

export function texts(from: Fields, key: string): string[] {
  return list(from, key).map((value) => {
    if (typeof value === "string") return value;
    throw new Error(`"${key}" holds something that is not a string`);
  });
}

export function numbers(from: Fields, key: string): Record<string, number> {
  const value = fields(from[key], `"${key}"`);
  return Object.fromEntries(Object.keys(value).map((name) => [name, number(value, name)]));
}

export function oneOf<T extends string>(from: Fields, key: string, allowed: readonly T[]): T {
  const value = text(from, key);
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new Error(`"${key}" is "${value}", not one of ${allowed.join(", ")}`);
}

/** The text of whatever was thrown. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
