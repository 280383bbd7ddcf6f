import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export const ROOT = join(__dirname, "..", "..");

/** The config of a stack file, in the form in which the engine hands it to a program: every value as text. */
export function programConfig(environment: string): Record<string, string> {
  const document: unknown = parse(readFileSync(join(ROOT, `Pulumi.${environment}.yaml`), "utf8"));
  if (!isMapping(document) || !isMapping(document["config"]))
    throw new Error(`Pulumi.${environment}.yaml has no "config" mapping`);
  return Object.fromEntries(
    Object.entries(document["config"]).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
