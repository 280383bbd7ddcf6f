import type { NodeGroup } from "./node-group";

/** What is known of a node of a group. */
export interface GroupNode {
  readonly name: string;
  readonly zone: string;
  readonly revision: string;
  readonly ready: boolean;
}

export type Step =
  | { readonly kind: "create"; readonly zone: string; readonly name: string }
  | { readonly kind: "wait"; readonly node: GroupNode }
  /** Drained by evictions, and then deleted. */
  | { readonly kind: "retire"; readonly node: GroupNode }
  | { readonly kind: "settled" };

/**
 * The next thing to do so that a group's nodes become what the group says; one node at a time, as EKS does with
 * `maxUnavailable: 1`. A group that is gone is passed as undefined.
 */
export function nextStep(group: NodeGroup | undefined, nodes: readonly GroupNode[]): Step {
  const retire = (node: GroupNode | undefined): Step =>
    node === undefined ? { kind: "settled" } : { kind: "retire", node };
  if (group === undefined) return retire(nodes[0]);
  const current = nodes.filter(({ revision }) => revision === group.revision);
  const outdated = nodes.filter(({ revision }) => revision !== group.revision);
  const starting = current.find(({ ready }) => !ready);
  if (starting !== undefined) return { kind: "wait", node: starting };
  const total = group.surge ? current.length : nodes.length;
  if (current.length < group.size && total < group.size) {
    return { kind: "create", zone: emptiestZone(group.zones, current), name: freeName(group.name, nodes) };
  }
  return retire(outdated[0] ?? current[group.size]);
}

function emptiestZone(zones: readonly string[], nodes: readonly GroupNode[]): string {
  const count = (zone: string): number => nodes.filter((node) => node.zone === zone).length;
  return zones.reduce((best, zone) => (count(zone) < count(best) ? zone : best));
}

// A name is not given again while a node has it: to Kubernetes it would be the same node.
function freeName(group: string, nodes: readonly GroupNode[]): string {
  const taken = new Set(nodes.map(({ name }) => name));
  const number = Array.from({ length: nodes.length + 1 }, (_, index) => index).find(
    (index) => !taken.has(`${group}-${index}`),
  );
  return `${group}-${number}`;
}
