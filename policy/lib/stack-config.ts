import { isMap, type Value } from "./value";

/**
 * `residency.allowedRegions` of the stack's configuration, which the engine gives to a policy pack in the same variable
 * as to the program; none when there is no such list.
 *
 * @see https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/plugin/analyzer_plugin.go (`PULUMI_CONFIG`)
 */
export function stackResidency(environment: NodeJS.ProcessEnv = process.env): string[] {
  const config = parse(environment["PULUMI_CONFIG"]);
  if (!isMap(config)) return [];
  const key = Object.keys(config).find((candidate) => /^[^:]+:(config:)?residency$/.test(candidate));
  const text = key === undefined ? undefined : config[key];
  const residency = typeof text === "string" ? parse(text) : text;
  const regions = isMap(residency) ? residency["allowedRegions"] : undefined;
  return Array.isArray(regions) ? regions.filter((region) => typeof region === "string") : [];
}

function parse(text: string | undefined): Value | undefined {
  if (text === undefined) return undefined;
  try {
    const value: Value = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
