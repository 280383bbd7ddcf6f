import { MARKET_MAP_KEY } from "../../components/contract";
import { namespaceOf, podOf } from "./engines";
import type { Field } from "./field";
import { mountedVolumes } from "./pods";
import type { Resource, Stack } from "./stack";

export const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";

/** The ConfigMaps with a market map that an engine mounts. */
export function marketMapsOf(engine: Resource, stack: Stack): Resource[] {
  const mounted = mountedConfigMaps(podOf(engine));
  return stack.ofType(CONFIG_MAP).filter((candidate) => {
    const name = candidate.inputs.at("metadata", "name").text();
    if (name === undefined || !mounted.includes(name)) return false;
    return namespaceOf(candidate) === namespaceOf(engine) && marketMap(candidate).present;
  });
}

/** The text that holds the map of ordinals to markets. */
export function marketMap(configMap: Pick<Resource, "inputs">): Field {
  return configMap.inputs.at("data", MARKET_MAP_KEY);
}

/** A volume that no container mounts tells nobody anything. */
function mountedConfigMaps(pod: Field): string[] {
  const mounts = mountedVolumes(pod);
  return pod
    .at("volumes")
    .list()
    .filter((volume) => mounts.has(volume.at("name").text() ?? ""))
    .flatMap((volume) => [volume, ...volume.at("projected", "sources").list()])
    .flatMap((source) => source.at("configMap", "name").text() ?? []);
}

/** Who owns a market. */
export interface Assignment {
  readonly market: string;
  readonly ordinal: number;
  readonly field: Field;
}

/** The assignments of a map, and its ordinals without any. */
export function assignmentsOf(map: Field): {
  readonly ordinals: ReadonlyMap<number, Field>;
  readonly assignments: Assignment[];
} {
  const ordinals = new Map<number, Field>();
  const assignments: Assignment[] = [];
  for (const [key, field] of map.json().entries()) {
    const ordinal = /^\d+$/.test(key) ? Number(key) : Number.NaN;
    ordinals.set(ordinal, field);
    for (const element of field.list()) {
      // Exchanges take symbols in either case: in another case it is still the same market.
      assignments.push({ market: (element.text() ?? "").trim().toUpperCase(), ordinal, field: element });
    }
  }
  return { ordinals, assignments };
}
