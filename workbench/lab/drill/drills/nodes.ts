import { setTimeout as sleep } from "node:timers/promises";
import { fence } from "../../../fence/fence";
import { labInstances } from "../../../fence/lab-instances";
import { stopProcesses } from "../../processes";
import { setCable } from "../../real/network";
import { livingPids, powerOff, startKubelet, startNode } from "../../real/node";
import type { NodeFolder } from "../../real/node-folder";
import {
  clusterOf,
  enginePid,
  forceDelete,
  gone,
  isAlive,
  podState,
  signalKubelet,
  taintOutOfService,
  untaint,
} from "../actions";
import { watchingDisk } from "../attachments";
import { check, type Drill, same } from "../drill";
import { trades } from "../looks";
import {
  claimName,
  container,
  engineView,
  nodeOf,
  pod,
  podName,
  pods,
  replaced,
  type Stage,
  until,
} from "../stage";

/** The engine of the first zone, which has a second node to go to. */
export async function victim(
  stage: Stage,
): Promise<{ readonly ordinal: number; readonly node: NodeFolder; readonly uid: string }> {
  const [zone] = stage.spec.zones;
  for (const { name, node, uid } of await pods(stage)) {
    const folder = nodeOf(stage, node);
    if (folder.request.zone === zone) return { ordinal: Number(name.split("-").at(-1)), node: folder, uid };
  }
  throw new Error(`no engine runs in ${zone}`);
}

export async function isLost({ client }: Stage, node: NodeFolder): Promise<boolean> {
  const text = JSON.stringify(await client.get(`/api/v1/nodes/${node.request.name}`));
  return text.includes('"node.kubernetes.io/unreachable"');
}

// The runbook's own command, on the lab's own proof.
export async function fenceNode(stage: Stage, node: NodeFolder): Promise<readonly string[]> {
  const engines = await fence(node.request.name, {
    cluster: clusterOf(stage),
    instances: labInstances(stage.lab),
    say: () => {},
    timeoutSeconds: 30,
  });
  return engines.map(({ name }) => name);
}

export async function comeBack(stage: Stage, node: NodeFolder): Promise<void> {
  await startNode(stage.real, node.request);
  await untaint(stage, node.request.name);
}

/** Seconds for a disk to be detached and attached elsewhere: twice the lab's own, and the controller's looks. */
const MOST_MOVE_SECONDS = 10;

export const nodeDeath: Drill = {
  id: "node-death",
  title: "a node loses power, and is fenced",
  steps: [
    "SIGKILL to everything on the node",
    "the node counts as lost",
    "proof that nothing of it lives",
    "out-of-service taint",
  ],
  expectation: "the engine comes up on the zone's other node, with its volume and its markets",
  seedNote: "The runbook's command finds engines by a label that its pods do not carry.",
  darkBound: ({ detection, start, lease }) => Math.max(detection, lease) + start + 10,
  async run(stage) {
    const { ordinal, node, uid } = await victim(stage);
    await powerOff(node);
    await until("the node counts as lost", () => isLost(stage, node), Boolean, 60 + stage.timers.detection);
    const living = livingPids(node).length;
    const { result, move } = await watchingDisk(stage.client, await claimOf(stage, ordinal), async () => ({
      engines: await fenceNode(stage, node),
      after: await replaced(stage, ordinal, uid, 120),
    }));
    const { engines, after } = result;
    await trades(stage, ordinal, 60);
    await comeBack(stage, node);
    return {
      touched: [ordinal],
      facts: [
        same("processes of the node that lived when it was fenced", 0, living),
        same("engines that were moved", [podName(stage, ordinal)], engines),
        check(
          "another node of the same zone",
          after.node !== node.request.name && nodeOf(stage, after.node).request.zone === node.request.zone,
          after.node,
        ),
        same("its claim", claimName(stage, ordinal), after.claim),
        same("its disk was attached to", node.request.name, move?.from),
        same("and then to", after.node, move?.to),
        {
          what: "seconds for detach and attach",
          expected: `at most ${MOST_MOVE_SECONDS}`,
          seen: move?.seconds.toFixed(1) ?? "it did not move",
          holds: move !== undefined && move.seconds <= MOST_MOVE_SECONDS,
        },
      ],
    };
  },
};

export const nodeDeathUnfenced: Drill = {
  id: "node-unfenced",
  title: "a node loses power, and nobody fences it",
  steps: [
    "SIGKILL to everything on the node",
    "wait until its pods are given up, and longer",
    "power comes back",
  ],
  expectation: "no second pod, ever: the market stays dark until the node is back",
  darkBound: ({ detection, toleration, start, lease }) => detection + toleration + 15 + lease + start + 30,
  async run(stage) {
    const { ordinal, node, uid } = await victim(stage);
    await powerOff(node);
    await until(
      "the pod is given up",
      () => podState(stage, ordinal),
      ({ deleting }) => deleting,
      60 + stage.timers.detection + stage.timers.toleration,
    );
    await sleep(15_000);
    const waiting = await podState(stage, ordinal);
    await startNode(stage.real, node.request);
    await replaced(stage, ordinal, uid, 180);
    return { touched: [ordinal], facts: [same("the pod meanwhile", { uid, deleting: true }, waiting)] };
  },
};

export const silentNode: Drill = {
  id: "R12",
  title: "a node falls silent, its engine trades on",
  steps: ["SIGSTOP to the kubelet", "the pod is given up", "wait", "SIGCONT"],
  expectation:
    "no second pod while the first may live; it goes on trading under its lease; then it is moved with a drain",
  darkBound: ({ start }) => start + 15,
  async run(stage) {
    const { ordinal, node, uid } = await victim(stage);
    const pid = enginePid(stage, node.request.name, ordinal);
    signalKubelet(stage, node.request.name, "SIGSTOP");
    try {
      await until(
        "the pod is given up",
        () => podState(stage, ordinal),
        ({ deleting }) => deleting,
        60 + stage.timers.detection + stage.timers.toleration,
      );
      await sleep(5000);
      const waiting = await podState(stage, ordinal);
      const { phase } = await engineView(stage, ordinal);
      const facts = [
        same("the pod meanwhile", { uid, deleting: true }, waiting),
        same("the old engine", "trading", phase),
        check("its process lives", isAlive(pid), pid),
      ];
      signalKubelet(stage, node.request.name, "SIGCONT");
      await replaced(stage, ordinal, uid, 180);
      return { touched: [ordinal], facts };
    } finally {
      signalKubelet(stage, node.request.name, "SIGCONT");
    }
  },
};

export const fencedWithoutProof: Drill = {
  id: "split-brain",
  title: "a silent node is fenced without proof: two engines of one market live",
  steps: [
    "SIGSTOP to the kubelet",
    "the taint and the forced deletion, although the process lives",
    "a second pod starts",
    "SIGCONT",
  ],
  expectation: "the second one waits for the lease and sends nothing; no order is doubled",
  darkBound: ({ start, lease }) => lease + start + 15,
  async run(stage) {
    const { ordinal, node, uid } = await victim(stage);
    const pid = enginePid(stage, node.request.name, ordinal);
    signalKubelet(stage, node.request.name, "SIGSTOP");
    try {
      await taintOutOfService(stage, node.request.name);
      await forceDelete(stage, podName(stage, ordinal));
      const second = await until(
        "a second pod runs",
        () => pod(stage, ordinal),
        (seen) => seen !== undefined && seen.uid !== uid && seen.node !== undefined,
        60,
      );
      await until(
        "it says what it does",
        () => engineView(stage, ordinal),
        ({ phase }) => phase !== "",
        60,
      );
      await sleep(stage.timers.lease * 1000);
      const { phase } = await engineView(stage, ordinal);
      const both = isAlive(pid);
      return {
        touched: [ordinal],
        facts: [
          check("both live", both, pid),
          check("the second does not trade", phase !== "trading", phase),
          check(
            "and is not ready",
            (await pod(stage, ordinal))?.ready === false && second !== undefined,
            phase,
          ),
        ],
      };
    } finally {
      signalKubelet(stage, node.request.name, "SIGCONT");
      await gone(pid, "the first one gone", stage.spec.gracePeriodSeconds + 30);
      await untaint(stage, node.request.name);
    }
  },
};

export const zoneLost: Drill = {
  id: "R13",
  title: "both nodes of a zone lose power",
  steps: ["SIGKILL to everything on both", "both are fenced", "wait", "one comes back"],
  expectation:
    "the engine waits for its volume's zone; never an empty volume elsewhere; it recovers with one node",
  darkBound: ({ detection, start, lease }) => detection + 10 + lease + start + 30,
  async run(stage) {
    const { ordinal, node, uid } = await victim(stage);
    const zone = stage.real.settings.real.zones[node.request.zone] ?? 0;
    const nodes = Array.from({ length: zone }, (_, index) =>
      nodeOf(stage, `trading-${node.request.zone}-${index}`),
    );
    const disk = await claimOf(stage, ordinal);
    for (const each of nodes) await powerOff(each);
    await until("the node counts as lost", () => isLost(stage, node), Boolean, 60 + stage.timers.detection);
    for (const each of nodes) await fenceNode(stage, each);
    await sleep(10_000);
    const waiting = await pod(stage, ordinal);
    const message = JSON.stringify(
      await stage.client.get(`/api/v1/namespaces/${stage.spec.namespace}/pods/${podName(stage, ordinal)}`),
    );
    for (const each of nodes) await comeBack(stage, each);
    const after = await replaced(stage, ordinal, uid, 180);
    return {
      touched: [ordinal],
      facts: [
        same("the pod's node meanwhile", "none", waiting?.node ?? "none"),
        check(
          "the scheduler says why",
          /volume node affinity|unreachable|out-of-service|topology spread/.test(message),
          message.slice(0, 200),
        ),
        same("its volume", disk, await claimOf(stage, ordinal)),
        same("its zone", node.request.zone, nodeOf(stage, after.node).request.zone),
      ],
    };
  },
};

async function claimOf(stage: Stage, ordinal: number): Promise<string> {
  const { client, spec } = stage;
  const path = `/api/v1/namespaces/${spec.namespace}/persistentvolumeclaims/${claimName(stage, ordinal)}`;
  const claim = JSON.stringify(await client.get(path));
  return /"volumeName":"([^"]+)"/.exec(claim)?.[1] ?? "";
}

export const kubeletRestart: Drill = {
  id: "R22",
  title: "a kubelet is killed and started again",
  steps: ["SIGKILL to the kubelet", "it is started again"],
  expectation: "the engine does not notice: the same process goes on",
  darkBound: () => 0,
  async run(stage) {
    const before = await pod(stage, 0);
    const pid = enginePid(stage, before?.node, 0);
    const { restarts } = await container(stage, 0);
    const node = nodeOf(stage, before?.node);
    signalKubelet(stage, before?.node, "SIGKILL");
    await stopProcesses(node, ["kubelet"]);
    await startKubelet(stage.real, node);
    await sleep(3000);
    return {
      touched: [],
      facts: [
        same("the process", pid, enginePid(stage, before?.node, 0)),
        same("restarts", restarts, (await container(stage, 0)).restarts),
        same("the pod", before?.uid, (await pod(stage, 0))?.uid),
      ],
    };
  },
};

const CUT = 14;

export const nodeCutOff: Drill = {
  id: "R18",
  title: "a node is cut off from everything for 14 s",
  steps: ["its cable is unplugged", "wait beyond the renew deadline", "plugged in again"],
  expectation:
    "its engine halts at the deadline, the exchange's switch cancels its orders; it takes a new term and trades",
  darkBound: ({ lease, start }) => CUT + lease + start,
  async run(stage) {
    const { ordinal, node, uid } = await victim(stage);
    await setCable(node, "down");
    let open: number | undefined;
    try {
      await sleep(CUT * 1000);
      const { accounts } = await stage.exchange.report();
      open = accounts[podName(stage, ordinal)]?.open.length;
    } finally {
      await setCable(node, "up");
    }
    await trades(stage, ordinal, 120);
    return {
      touched: [ordinal],
      facts: [
        same("its orders open at the exchange while it was cut off", 0, open),
        check("a pod is there", uid !== "", uid),
      ],
    };
  },
};
