import type { z } from "zod";
import type { Problem } from "../problems";
import type { EngineConfig, eksSchema, existingSchema } from "../schema";

type Eks = z.infer<typeof eksSchema>;
type Existing = z.infer<typeof existingSchema>;

/** The sections that could be read. A rule is silent about a section that is missing: its own problem is reported. */
export interface Sections {
  readonly region?: string | undefined;
  readonly accountId?: string | undefined;
  readonly residency?: Eks["residency"] | undefined;
  readonly engines?: Readonly<Record<string, EngineConfig>> | undefined;
  readonly network?: Eks["network"] | undefined;
  readonly nodes?: Eks["nodes"] | undefined;
  readonly cluster?: Eks["cluster"] | Existing["cluster"] | undefined;
  readonly storage?: Eks["storage"] | Existing["storage"] | undefined;
}

/** A rule over two or more fields. */
export type Rule = (sections: Sections) => Problem[];

/** The zones that engines run in: their own list, else all of the network's. */
export function engineZones({ nodes, network, cluster }: Sections): readonly string[] | undefined {
  if (cluster?.kind === "existing") return cluster.zones;
  return nodes?.zones ?? network?.zones;
}

/** Indexes of entries that stand in the list a second time. */
export function repeated(values: readonly string[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []));
}
