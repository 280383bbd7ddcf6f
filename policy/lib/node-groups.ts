import { NODE_LABEL, NODE_TAINT, TYPES } from "../../components/contract";
import type { Field } from "./field";
import { perStack, type Resource, type Stack } from "./stack";

export const NODE_GROUP = "aws:eks/nodeGroup:NodeGroup";
export const LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
export const SUBNET = "aws:ec2/subnet:Subnet";

/** EKS's spelling of Kubernetes' taint effects. */
const EFFECTS: Readonly<Record<string, string>> = {
  NO_SCHEDULE: "NoSchedule",
  PREFER_NO_SCHEDULE: "PreferNoSchedule",
  NO_EXECUTE: "NoExecute",
};

/** Node groups for engines: by label, by taint, or made by our component. */
export const tradingGroups: (stack: Stack) => readonly Resource[] = perStack((stack) =>
  stack
    .ofType(NODE_GROUP)
    .filter((group) => group.within(TYPES.nodes) !== undefined || hasTradingMark(group)),
);

function hasTradingMark({ inputs }: Resource): boolean {
  const labels = inputs.at("labels");
  const taints = inputs.at("taints");
  // An unknown mark counts: the rules then ask for it to be known.
  if (labels.unknown || taints.unknown) return true;
  return (
    labels.at(NODE_LABEL.key).value === NODE_LABEL.value ||
    taints.list().some((taint) => taint.at("key").value === NODE_TAINT.key)
  );
}

/** Effect of a node group's taint, as Kubernetes spells it. */
export function taintEffect(taint: Field): string {
  const effect = taint.at("effect").text() ?? "";
  return EFFECTS[effect] ?? effect;
}

/** Launch templates that a node group uses. */
export function launchTemplatesOf(group: Resource): Resource[] {
  return group.trace("launchTemplate", LAUNCH_TEMPLATE);
}

/** The component whose plan a node group or launch template follows. */
export function nodesComponentOf(resource: Resource): Resource | undefined {
  return resource.within(TYPES.nodes);
}

/** A subnet of a node group with its zone, or without one when the graph does not lead to a subnet of this stack. */
export interface GroupZones {
  readonly zones: readonly string[];
  /** Subnets of the group that are not resources of this stack, so that nothing tells their zone. */
  readonly untold: number;
}

export function zonesOf(group: Resource): GroupZones {
  const subnets = group.trace("subnetIds", SUBNET);
  const zones = new Set(
    subnets.map((subnet) => subnet.inputs.at("availabilityZone").text()).filter((zone) => zone !== undefined),
  );
  const ids = group.inputs.at("subnetIds");
  const count = ids.unknown ? subnets.length : ids.list().length;
  return { zones: [...zones].sort(), untold: Math.max(0, count - subnets.length) };
}
