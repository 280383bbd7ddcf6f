import type { NodeGroup } from "./node-group";

/** What of a Node object follows from its group. */
export interface NodeContent {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
}

export interface NodeTaint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: string;
  readonly timeAdded?: string | undefined;
}

// Kubernetes' own: not reachable, cordoned, out of service.
const isOwn = ({ key }: NodeTaint): boolean => key.startsWith("node.kubernetes.io/");

/**
 * Labels and taints that a running node gets from its group, or undefined when it has them: EKS changes both without
 * replacing a node. Taints are a whole list; Kubernetes' own in it stay.
 */
export function changedContent(
  { labels, taints }: Pick<NodeGroup, "labels" | "taints">,
  node: NodeContent,
): NodeContent | undefined {
  const wanted: readonly NodeTaint[] = [...taints, ...node.taints.filter(isOwn)];
  const text = (list: readonly NodeTaint[]): string =>
    list
      .map(({ key, value = "", effect }) => `${key}=${value}:${effect}`)
      .sort()
      .join();
  const hasLabels = Object.entries(labels).every(([key, value]) => node.labels[key] === value);
  return hasLabels && text(wanted) === text(node.taints) ? undefined : { labels, taints: wanted };
}
