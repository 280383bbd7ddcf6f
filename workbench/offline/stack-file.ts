import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { UserError } from "./errors";

type Document = { [key: string]: unknown };

/** Keys by which a stack file names who may decrypt it: the offline run has its own passphrase. */
const SECRETS_KEYS = ["secretsprovider", "encryptedkey", "encryptionsalt"] as const;

/**
 * Copies a stack's config into the state folder and returns the copy's path. Pulumi writes an encryption salt into the
 * file that it is given, and the checkout must stay clean. The salt of the previous copy is kept.
 */
export function copyStackFile(
  project: string,
  stack: string,
  folder: string,
  overrides: Readonly<Record<string, unknown>> = {},
): string {
  const source = join(project, `Pulumi.${stack}.yaml`);
  if (!existsSync(source)) {
    throw new UserError(
      `there is no stack "${stack}": ${basename(source)} is missing in ${project}. Copy an existing stack file, or name one with --stack.`,
    );
  }
  const target = join(folder, basename(source));
  const previous = existsSync(target) ? readDocument(target) : {};
  const content = merge(withoutSecretsKeys(readDocument(source)), overrides);
  const salt = previous.encryptionsalt === undefined ? {} : { encryptionsalt: previous.encryptionsalt };
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, stringify({ ...content, config: replaceSecrets(content.config), ...salt }));
  return target;
}

/** Deep merge of plain objects; lists and scalars are replaced, `null` removes a key. */
export function merge(base: Document, overrides: Readonly<Record<string, unknown>>): Document {
  const result: Document = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    const current = result[key];
    if (value === null) {
      delete result[key];
    } else {
      result[key] = isDocument(value) && isDocument(current) ? merge(current, value) : value;
    }
  }
  return result;
}

/** A stack file's configuration in the form in which programs and policy packs receive it: one string for each key. */
export function flatConfig(file: string, projectName: string): Readonly<Record<string, string>> {
  const { config } = readDocument(file);
  return Object.fromEntries(
    Object.entries(isDocument(config) ? config : {}).map(([key, value]) => [
      key.includes(":") ? key : `${projectName}:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** What a stack file says under one key of its config, unread; undefined where there is no such file or key. */
export function stackValue(project: string, stack: string, key: string): unknown {
  const file = join(project, `Pulumi.${stack}.yaml`);
  const { config } = existsSync(file) ? readDocument(file) : {};
  return isDocument(config) ? config[key] : undefined;
}

function readDocument(file: string): Document {
  const content = parseStackFile(file);
  if (content === null) {
    return {};
  }
  if (!isDocument(content)) {
    throw new UserError(`${file} is not a stack file: expected a mapping with the key "config".`);
  }
  return content;
}

function parseStackFile(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    const [place = ""] = error instanceof Error ? error.message.split("\n") : [];
    throw new UserError(`${basename(file)} is not YAML: ${place} Correct it there, and run this again.`);
  }
}

function withoutSecretsKeys(document: Document): Document {
  const entries = Object.entries(document).filter(([key]) => !SECRETS_KEYS.some((name) => name === key));
  return Object.fromEntries(entries);
}

// Encrypted values cannot be read without the real key; the program sees a placeholder of the same kind.
function replaceSecrets(config: unknown): unknown {
  if (!isDocument(config)) {
    return config ?? {};
  }
  const isSecret = (value: unknown): boolean => isDocument(value) && typeof value.secure === "string";
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, isSecret(value) ? "offline-placeholder" : value]),
  );
}

function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
