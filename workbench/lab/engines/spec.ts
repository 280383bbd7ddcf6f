import { type EngineSpec, engineSpec } from "../../../components/engine/spec";
import { UserError } from "../../offline/errors";
import { readStack } from "../stack-plan";

/** The first engine of a stack, as the program specifies it, on the lab's own disks. */
export function stackEngine(stack: string): EngineSpec {
  const config = readStack(stack);
  const [first] = Object.entries(config.engines);
  if (config.kind !== "eks" || first === undefined) {
    throw new UserError(`Pulumi.${stack}.yaml has no engine on nodes of its own: name another stack.`);
  }
  const [name, engine] = first;
  return engineSpec(name, engine, {
    zones: [...(config.nodes.zones ?? config.network.zones)].sort(),
    storageClass: config.storage.className,
    api: { cidrs: [config.network.cidr, config.cluster.serviceCidr], ports: [443] },
  });
}
