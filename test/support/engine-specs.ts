import { type EngineSpec, engineSpec } from "../../components/engine/spec";
import { type EksStack, eksStack } from "./stack-files";
import { setAt } from "./values";

export const ENGINE = "trading-engine";

/** The engine of a stack as the program specifies it, after edits of its config by path. */
export function specOf(stack: EksStack, edits: Readonly<Record<string, unknown>> = {}): EngineSpec {
  const config = eksStack(stack, (raw) => {
    for (const [path, value] of Object.entries(edits)) setAt(raw, `engines.${ENGINE}.${path}`, value);
  });
  const engine = config.engines[ENGINE];
  if (engine === undefined) throw new Error(`stack ${stack} has no ${ENGINE}`);
  return engineSpec(ENGINE, engine, {
    zones: config.nodes.zones ?? config.network.zones,
    storageClass: config.storage.className,
    api: { cidrs: [config.network.cidr, config.cluster.serviceCidr], ports: [443] },
  });
}
