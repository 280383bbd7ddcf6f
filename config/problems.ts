import type { z } from "zod";

/** One thing wrong with a stack's config: where, what, and the value found there. */
export interface Problem {
  /** Path as written in the stack file, for example `engines.core.shutdown.flush`. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly problem: string;
  /** The value found; undefined where there is none. */
  readonly got: unknown;
}

/** All problems of a stack's config in one message: each line `path: problem (got X)`. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(
      [`the stack's config has ${count}; nothing was registered:`, ...problems.map(formatProblem)].join(
        "\n  ",
      ),
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

export function formatProblem({ path, problem, got }: Problem): string {
  return `${path}: ${problem} (got ${got === undefined ? "nothing" : show(got)})`;
}

/** Reads one section; its problems are added to the list, so that all sections are reported together. */
export function readSection<T>(
  schema: z.ZodType<T>,
  raw: unknown,
  path: string,
  problems: Problem[],
): T | undefined {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  problems.push(...result.error.issues.flatMap((issue) => problemsOf(issue, raw, path)));
  return undefined;
}

function problemsOf(issue: z.core.$ZodIssue, raw: unknown, base: string): Problem[] {
  const at = issue.path.map(String);
  const path = joinPath(base, at);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      path: joinPath(base, [...at, key]),
      problem: "unknown key; remove it or correct its spelling",
      got: valueAt(raw, [...at, key]),
    }));
  if (issue.code === "invalid_key")
    return [{ path, problem: issue.issues[0]?.message ?? "this name is not allowed here", got: at.at(-1) }];
  const got = valueAt(raw, at);
  return [{ path, problem: got === undefined ? `is missing; ${describe(issue)}` : describe(issue), got }];
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value")
    return customised(issue) ?? `must be one of ${issue.values.map(show).join(", ")}`;
  if (issue.code === "invalid_type") return customised(issue) ?? `must be ${article(issue.expected)}`;
  if (issue.code === "too_small") return customised(issue) ?? bound("at least", issue.minimum, issue.origin);
  if (issue.code === "too_big") return customised(issue) ?? bound("at most", issue.maximum, issue.origin);
  if (issue.code === "invalid_union")
    return customised(issue) ?? "has none of the forms that are allowed here";
  return issue.message;
}

function bound(side: string, limit: number | bigint, origin: string): string {
  if (origin === "array") return `must have ${side} ${limit} ${Number(limit) === 1 ? "entry" : "entries"}`;
  return origin === "string" ? `must have ${side} ${limit} characters` : `must be ${side} ${limit}`;
}

/** zod's own default messages begin with "Invalid" or "Too"; anything else was written in the schema. */
function customised(issue: z.core.$ZodIssue): string | undefined {
  return /^(Invalid|Too|Expected)/.test(issue.message) ? undefined : issue.message;
}

function article(expected: string): string {
  const names: Record<string, string> = {
    object: "a mapping of keys to values (docs/configuration.md names them)",
    record: "a mapping of keys to values (docs/configuration.md names them)",
    array: "a list",
    string: "a text (quote it)",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
  };
  return names[expected] ?? `of type ${expected}`;
}

function joinPath(base: string, at: readonly string[]): string {
  return at.reduce((path, key) => (/^[0-9]+$/.test(key) ? `${path}[${key}]` : `${path}.${key}`), base);
}

function valueAt(raw: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isIndexable(value) ? value[key] : undefined), raw);
}

function isIndexable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The value as the reader wrote it, cut where it would fill the screen. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
