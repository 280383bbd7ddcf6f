/** How long a control plane waits, in seconds. */
export interface Timers {
  /** Without a heartbeat, until a node counts as lost. */
  readonly nodeGraceSeconds: number;
  /** Between two looks of the node controller. */
  readonly nodeMonitorSeconds: number;
  /** Of a node's lease; kubelet and kwok renew it after a quarter. */
  readonly nodeLeaseSeconds: number;
  /** Between two looks of a kubelet at its own node. */
  readonly nodeStatusSeconds: number;
  /** For a disk to be attached or detached. Kubernetes has no say in it: of EBS it is a guess. */
  readonly attachSeconds: number;
}

/**
 * `real` are Kubernetes' own defaults. `scaled` makes a drill of a dead node short; whoever prints its numbers says so.
 * `slow` is for thousands of simulated nodes, none of which is ever lost: their heartbeats would be most of the load.
 * @see https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
 */
export const TIMERS = {
  real: {
    nodeGraceSeconds: 50,
    nodeMonitorSeconds: 5,
    nodeLeaseSeconds: 40,
    nodeStatusSeconds: 10,
    attachSeconds: 2,
  },
  scaled: {
    nodeGraceSeconds: 8,
    nodeMonitorSeconds: 1,
    nodeLeaseSeconds: 4,
    nodeStatusSeconds: 1,
    attachSeconds: 0.5,
  },
  slow: {
    nodeGraceSeconds: 1800,
    nodeMonitorSeconds: 60,
    nodeLeaseSeconds: 1200,
    nodeStatusSeconds: 300,
    attachSeconds: 0.5,
  },
} as const satisfies Record<string, Timers>;

export type LabTimers = keyof typeof TIMERS;
/** What drills are run with: in them nodes are lost. */
export type TimerSet = Exclude<LabTimers, "slow">;
