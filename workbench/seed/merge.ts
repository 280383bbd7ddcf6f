/** Anything that YAML or JSON can say. */
export type Data = null | boolean | number | string | readonly Data[] | { readonly [key: string]: Data };

type Fields = { readonly [key: string]: Data };

/**
 * Lays one document over another, as kustomize does with a strategic merge: fields are replaced one by one, null takes
 * one away, and in a list of named things each is found by its name. Any other list is replaced.
 */
export function overlaid(base: Data, over: Data): Data {
  if (isList(base) && isList(over) && over.every(isNamed)) return overlaidList(base, over);
  if (!isFields(base) || !isFields(over)) return over;
  const kept = Object.entries(base).filter(([key]) => over[key] !== null);
  const laid = Object.entries(over).filter(([, value]) => value !== null);
  return Object.fromEntries([
    ...kept,
    ...laid.map(([key, value]) => [key, overlaid(base[key] ?? null, value)] as const),
  ]);
}

function overlaidList(base: readonly Data[], over: readonly Data[]): Data {
  const names = new Set(base.map(nameOf));
  return [
    ...base.map((item) => {
      const change = over.find((each) => nameOf(each) === nameOf(item));
      return change === undefined ? item : overlaid(item, change);
    }),
    ...over.filter((item) => !names.has(nameOf(item))),
  ];
}

function isNamed(item: Data): boolean {
  return nameOf(item) !== undefined;
}

/** Of a container, a volume, a variable: their own; of a claim template: its metadata's. */
function nameOf(item: Data): string | undefined {
  if (!isFields(item)) return undefined;
  const { name, metadata } = item;
  if (typeof name === "string") return name;
  return metadata === undefined ? undefined : nameOf(metadata);
}

function isList(value: Data): value is readonly Data[] {
  return Array.isArray(value);
}

function isFields(value: Data): value is Fields {
  return typeof value === "object" && value !== null && !isList(value);
}
