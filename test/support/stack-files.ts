import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseConfig } from "../../config/parse";
import type { EksConfig, ExistingConfig } from "../../config/schema";
import { isIndexable } from "./values";

/** The stack files of the repository as test data: what is tested is what is deployed. */

export const STACKS = ["dev", "staging", "prod", "local"] as const;
export type Stack = (typeof STACKS)[number];
export type EksStack = Exclude<Stack, "local">;

const PREFIX = "trading:";

/** The `config` mapping of a stack file, with its prefixes; a fresh copy at every call. */
export function stackFile(stack: Stack): Record<string, unknown> {
  const text = readFileSync(join(__dirname, "..", "..", `Pulumi.${stack}.yaml`), "utf8");
  const { config } = mapping(parse(text));
  return mapping(config);
}

/** The project's own keys of a stack file, as `parseConfig` takes them; a fresh copy at every call. */
export function rawStack(stack: Stack): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(stackFile(stack))
      .filter(([key]) => key.startsWith(PREFIX))
      .map(([key, value]) => [key.slice(PREFIX.length), value]),
  );
}

/** A stack's config as the engine hands it to the program: scalars as text, the rest as JSON text. */
export function engineConfig(stack: Stack): Record<string, string> {
  return Object.fromEntries(
    Object.entries(stackFile(stack)).map(([key, value]) => [
      key,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  );
}

/** A parsed stack on EKS, after an edit of its raw config. */
export function eksStack(
  stack: EksStack,
  edit: (raw: Record<string, unknown>) => void = () => {},
): EksConfig {
  const raw = rawStack(stack);
  edit(raw);
  const config = parseConfig(raw);
  if (config.kind !== "eks") throw new TypeError(`stack ${stack} is not on EKS`);
  return config;
}

/** The parsed stack on a cluster that exists. */
export function existingStack(): ExistingConfig {
  const config = parseConfig(rawStack("local"));
  if (config.kind !== "existing") throw new TypeError("stack local is not on an existing cluster");
  return config;
}

function mapping(value: unknown): Record<string, unknown> {
  if (!isIndexable(value)) throw new TypeError("not a mapping");
  return value;
}
