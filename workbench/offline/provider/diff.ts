import { equal, isProperties, isUnknown, type Properties, type Value } from "./values";

/** What a change of one field does to the real resource. */
export type Effect = "update" | "replace" | "refuse";

/**
 * How one resource type takes changes. Paths are dotted, without list indices; the longest path that is a prefix of the
 * changed one decides. A path in no list counts as a replacement: a table that forgot a destructive field must not show
 * it as harmless.
 */
export interface ChangeRules {
  /** Repository, file and lines that these lists were read from, or "from memory" where none was read. */
  readonly source: string;
  readonly updates: readonly string[];
  readonly replaces: readonly string[];
  /** Cases in which a field of `replaces` changes in place after all. */
  readonly inPlaceWhen?: readonly InPlaceCase[];
  /** Inputs of the installed SDK that the source which was read does not have: in no list, so they count as replacements. */
  readonly unread?: readonly string[];
  /** Fields that the API server refuses to change although the provider does not plan a replacement. */
  readonly refuses?: readonly string[];
  /** Outputs that the provider marks "known after apply" when one of the fields changes ("*" for any). */
  readonly computedOnUpdate?: readonly ComputedOutput[];
}

/** What a provider decides from the values and not from the schema alone (Terraform's CustomizeDiff). */
export interface InPlaceCase {
  readonly field: string;
  readonly when: (olds: Properties, news: Properties) => boolean;
}

/** An output that an update computes anew; with `onlyIf`, only while that boolean input is true. */
export interface ComputedOutput {
  readonly output: string;
  readonly when: readonly string[];
  readonly onlyIf?: string;
}

export interface FieldChange {
  /** Path in the engine's own notation, e.g. `scalingConfig.minSize` or `taints[0].key`. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly effect: Effect;
  /** Whether a table entry decided, or only the rule that unlisted fields are destructive. */
  readonly listed: boolean;
}

/** Every changed leaf between two sets of inputs, with what it does. `ignore` holds top-level or dotted paths. */
export function diffInputs(
  rules: ChangeRules,
  olds: Properties,
  news: Properties,
  ignore: readonly string[] = [],
): readonly FieldChange[] {
  const inPlace = (rules.inPlaceWhen ?? []).filter(({ when }) => when(olds, news));
  return changes(olds, news, "")
    .filter((change) => !ignore.some((path) => isPrefix(path, plainPath(change.path))))
    .map((change) => {
      const path = plainPath(change.path);
      const spared = inPlace.some(({ field }) => isPrefix(field, path));
      return { ...change, ...(spared ? { effect: "update", listed: true } : effectOf(rules, path)) };
    });
}

/** What a change at a dotted path does according to the rules. */
export function effectOf(
  rules: ChangeRules,
  path: string,
): { readonly effect: Effect; readonly listed: boolean } {
  const entries: { readonly path: string; readonly effect: Effect }[] = [
    ...rules.updates.map((entry) => ({ path: entry, effect: "update" as const })),
    ...rules.replaces.map((entry) => ({ path: entry, effect: "replace" as const })),
    ...(rules.refuses ?? []).map((entry) => ({ path: entry, effect: "refuse" as const })),
  ].filter(
    (entry) => isPrefix(entry.path, path) || (entry.effect !== "update" && isPrefix(path, entry.path)),
  );
  const longest = entries.sort((left, right) => right.path.length - left.path.length)[0];
  return longest ? { effect: longest.effect, listed: true } : { effect: "replace", listed: false };
}

/** Outputs that are unknown in a preview because of these changes. */
export function computedOutputs(
  rules: ChangeRules,
  fields: readonly FieldChange[],
  news: Properties,
): readonly string[] {
  return (rules.computedOnUpdate ?? [])
    .filter((entry) => entry.onlyIf === undefined || news[entry.onlyIf] === true)
    .filter((entry) =>
      fields.some((field) =>
        entry.when.some(
          (path) =>
            path === "*" || isPrefix(path, plainPath(field.path)) || isPrefix(plainPath(field.path), path),
        ),
      ),
    )
    .map((entry) => entry.output);
}

function isPrefix(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`);
}

function plainPath(path: string): string {
  return path.replace(/\[\d+\]/g, "").replace(/\["([^"]*)"\]/g, ".$1");
}

type RawChange = Omit<FieldChange, "effect" | "listed">;

function changes(olds: Value | undefined, news: Value | undefined, path: string): readonly RawChange[] {
  if (equal(olds, news)) {
    return [];
  }
  if (isProperties(olds) && isProperties(news)) {
    return [...new Set([...Object.keys(olds), ...Object.keys(news)])].flatMap((key) =>
      changes(olds[key], news[key], join(path, key)),
    );
  }
  if (Array.isArray(olds) && Array.isArray(news)) {
    return Array.from({ length: Math.max(olds.length, news.length) }, (_, index) =>
      changes(olds[index], news[index], `${path}[${index}]`),
    ).flat();
  }
  // Adding or removing a whole object is reported at its leaves, so that the table can tell them apart.
  const present = olds === undefined ? news : olds;
  if (
    (olds === undefined || news === undefined) &&
    isProperties(present) &&
    Object.keys(present).length > 0 &&
    path !== ""
  ) {
    return Object.keys(present).flatMap((key) =>
      changes(
        isProperties(olds) ? olds[key] : undefined,
        isProperties(news) ? news[key] : undefined,
        join(path, key),
      ),
    );
  }
  return [
    { path, kind: olds === undefined ? "add" : news === undefined && !isUnknown(news) ? "delete" : "update" },
  ];
}

function join(path: string, key: string): string {
  const step = /^[A-Za-z_$][\w$-]*$/.test(key) ? key : `["${key}"]`;
  return path === "" || step.startsWith("[") ? `${path}${step}` : `${path}.${step}`;
}
