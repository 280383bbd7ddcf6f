import { readFileSync } from "node:fs";
import { isList, isMap, readValue, type Value } from "./value";

/**
 * Names a file with the stack's state before the change, as `pulumi stack export` writes it. A policy is not given
 * the old state by the engine; without the file, rules about changes judge the new state alone.
 */
export const PREVIOUS_STATE_VARIABLE = "TRADING_PREVIOUS_STATE";

/** Inputs by URN before the change. A file that is named and cannot be read stops the pack: it must not pass in silence. */
export function previousInputs(environment: NodeJS.ProcessEnv = process.env): ReadonlyMap<string, Value> {
  const file = environment[PREVIOUS_STATE_VARIABLE];
  if (file === undefined || file === "") return new Map();
  const document: unknown = JSON.parse(readFileSync(file, "utf8"));
  return inputsOfExport(readValue(document));
}

export function inputsOfExport(document: Value | undefined): Map<string, Value> {
  const inputs = new Map<string, Value>();
  const deployment = isMap(document) ? document["deployment"] : undefined;
  const resources = isMap(deployment) ? deployment["resources"] : undefined;
  for (const resource of isList(resources) ? resources : []) {
    if (!isMap(resource) || typeof resource["urn"] !== "string" || resource["delete"] === true) continue;
    inputs.set(resource["urn"], withoutInternals(resource["inputs"] ?? {}));
  }
  return inputs;
}

/** Providers keep notes beside the inputs, such as `__defaults`; policies never see these. */
function withoutInternals(value: Value): Value {
  if (isList(value)) return value.map(withoutInternals);
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !key.startsWith("__"));
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutInternals(member)]));
}
