import { messageOf } from "../errors";
import { Cancellation, type OnLab } from "./lab";
import { InitFailure, type ObjectResult, type ProviderPackage, type SimulatedPackage } from "./package";
import type { Registry } from "./registry";
import { smallNodeGroup } from "./small-node-group";
import { isProperties, type Properties, text } from "./values";

const NODE_GROUP = "aws:eks/nodeGroup:NodeGroup";
const CLUSTER = "aws:eks/cluster:Cluster";

/** The simulated AWS over a lab: its control plane is the lab's, and its node groups have nodes there. */
export function awsOnLab(
  simulated: SimulatedPackage,
  registry: Registry,
  { access, small }: Pick<OnLab, "access" | "small">,
): ProviderPackage {
  const cancellation = new Cancellation();
  const made = async (type: string, object: ObjectResult): Promise<ObjectResult> => {
    if (type === CLUSTER) return { ...object, outputs: { ...object.outputs, ...reachable(access) } };
    if (type !== NODE_GROUP) return object;
    const group = smallNodeGroup(object.outputs, partsOf(object.outputs, registry));
    try {
      await small.put(object.id, group, cancellation.signal);
    } catch (error) {
      throw new InitFailure(messageOf(error), object);
    }
    return object;
  };
  return {
    ...simulated,
    create: async (request) => {
      const object = simulated.create(request);
      return request.preview ? object : await made(request.type, object);
    },
    update: async (request) => {
      const object = simulated.update(request);
      return request.preview ? object : await made(request.type, object);
    },
    // A run that was killed asked for something of which the state knows nothing: the group itself does.
    read: async (request) => {
      const known = simulated.read(request);
      if (known === undefined || request.type !== NODE_GROUP) return known;
      const { state, description } = await small.report(request.id);
      if (state === "GONE") return undefined;
      return { ...known, outputs: { ...known.outputs, ...(isProperties(description) && description) } };
    },
    delete: async (request) => {
      if (request.type === NODE_GROUP) await small.remove(request.id, cancellation.signal);
      simulated.delete(request);
    },
    cancel: () => cancellation.cancel(),
  };
}

function reachable({ server, authority }: OnLab["access"]): Properties {
  return {
    endpoint: server,
    certificateAuthority: { data: Buffer.from(authority).toString("base64") },
  };
}

function partsOf(outputs: Properties, registry: Registry) {
  const template = isProperties(outputs.launchTemplate) ? outputs.launchTemplate : {};
  const subnets = Array.isArray(outputs.subnetIds) ? outputs.subnetIds : [];
  return {
    region: text(outputs, "region") ?? "",
    template: registry.get("aws:ec2/launchTemplate:LaunchTemplate", text(template, "id") ?? "")?.outputs,
    subnets: subnets.map((id) => registry.get("aws:ec2/subnet:Subnet", String(id))?.outputs ?? {}),
  };
}
