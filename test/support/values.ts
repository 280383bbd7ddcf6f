/** Reading values of which only the test knows the shape, without a cast. */

/** The value at a path such as `engines.core.markets[0][1]`; undefined where the path ends early. */
export function valueAt(root: unknown, path: string): unknown {
  return keysOf(path).reduce<unknown>((value, key) => (isIndexable(value) ? value[key] : undefined), root);
}

/** Writes a value at a path, and makes the mappings on the way; `undefined` removes the key. */
export function setAt(root: Record<string, unknown>, path: string, value: unknown): void {
  const keys = keysOf(path);
  const last = keys.pop();
  if (last === undefined) throw new RangeError("the path is empty");
  let node = root;
  for (const key of keys) {
    const next = node[key];
    const child: Record<string, unknown> = isIndexable(next) ? next : {};
    node[key] = child;
    node = child;
  }
  if (value === undefined) delete node[last];
  else node[last] = value;
}

function keysOf(path: string): string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== "");
}

export function isIndexable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The value of one key, however it is written: a path would split `markets.json` at its dot. */
export function field(value: unknown, key: string): unknown {
  return isIndexable(value) ? value[key] : undefined;
}

/** The entries of a list, or the values of a mapping. */
export function items(value: unknown): unknown[] {
  return isIndexable(value) ? Object.values(value) : [];
}

/** A JSON document among the inputs, such as a policy; some are given as text, others as an object. */
export function json(value: unknown): unknown {
  if (typeof value === "object") return value;
  assertText(value);
  const parsed: unknown = JSON.parse(value);
  return parsed;
}

export function assertText(value: unknown): asserts value is string {
  if (typeof value !== "string") throw new TypeError(`not a text: ${typeof value}`);
}
