import { deepEqual, equal, match } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeUserData, planNode, renderUserData } from "../../../tuning";
import { parseArguments } from "../../../workbench/local/arguments";
import { smallNodeGroup } from "../../../workbench/offline/provider/small-node-group";
import { changedContent } from "../../../workbench/small/configure";
import { Groups } from "../../../workbench/small/groups";
import type { NodeGroup } from "../../../workbench/small/node-group";
import { lacking, podTroubles } from "../../../workbench/small/readiness";
import type { GroupNode } from "../../../workbench/small/reconcile";

const TAINT = { key: "trading/dedicated", value: "engine", effect: "NoSchedule" };
const SIZE = { cpu: "4", memory: "8Gi", pods: "58" };
const GROUP: NodeGroup = {
  name: "g",
  region: "eu-central-1",
  zones: ["a"],
  labels: { "node-type": "trading" },
  taints: [TAINT],
  size: 1,
  surge: true,
  revision: "1",
  capacity: SIZE,
  allocatable: SIZE,
};

describe("a node group of AWS, as AWS in the small takes it", () => {
  const outputs = {
    nodeGroupName: "engines-a-1",
    instanceTypes: ["c7i.2xlarge"],
    labels: { "node-type": "trading" },
    taints: [{ key: "trading/dedicated", value: "engine", effect: "NO_SCHEDULE" }],
    scalingConfig: { desiredSize: 2, minSize: 2, maxSize: 2 },
    updateConfig: { maxUnavailable: 1, updateStrategy: "MINIMAL" },
    releaseVersion: "1",
    launchTemplate: { id: "lt-1", version: "1" },
  };
  const plan = planNode({
    instanceType: "c7i.2xlarge",
    mode: "balanced",
    threadsPerCore: 1,
    engineGraceSeconds: 60,
  });
  const template = {
    userData: encodeUserData(renderUserData(plan, { kind: "merge" })),
    cpuOptions: { threadsPerCore: 1, coreCount: 4 },
  };
  const parts = { region: "eu-central-1", template, subnets: [{ availabilityZone: "eu-central-1a" }] };
  const group = smallNodeGroup(outputs, parts);

  it("has its zone, its size, its taints in Kubernetes' words and its strategy", () => {
    deepEqual([group.zones, group.size, group.taints, group.surge], [["eu-central-1a"], 2, [TAINT], false]);
  });

  it("offers what the node plan says, read from the user data alone", () => {
    equal(group.capacity.cpu, "4");
    equal(group.allocatable.cpu, `${plan.allocatableMillicpu}m`);
    equal(group.allocatable.memory, `${plan.allocatableMebibytes}Mi`);
  });

  it("has another revision for another release or template, and not for another size", () => {
    const revision = (over: object): string => smallNodeGroup({ ...outputs, ...over }, parts).revision;
    equal(revision({ scalingConfig: { desiredSize: 3 } }), group.revision);
    equal(revision({ labels: { other: "label" } }), group.revision);
    equal(revision({ releaseVersion: "2" }) === group.revision, false);
    equal(revision({ launchTemplate: { id: "lt-1", version: "2" } }) === group.revision, false);
  });

  it("has a size also for a type that nobody knows", () => {
    equal(smallNodeGroup({ ...outputs, instanceTypes: ["z9.huge"] }, parts).capacity.cpu, "2");
  });
});

describe("labels and taints of a running node", () => {
  const silent = { key: "node.kubernetes.io/unreachable", effect: "NoExecute" };
  it("are left alone when they are the group's", () => {
    equal(
      changedContent(GROUP, { labels: { ...GROUP.labels, more: "1" }, taints: [silent, TAINT] }),
      undefined,
    );
  });
  it("are made the group's, and Kubernetes' own taints stay", () => {
    const other = { ...TAINT, value: "old" };
    deepEqual(changedContent(GROUP, { labels: {}, taints: [other, silent] }), {
      labels: GROUP.labels,
      taints: [TAINT, silent],
    });
  });
});

describe("readiness of what was applied", () => {
  const set = (status: object, generation = 2) => ({
    metadata: { generation },
    spec: { replicas: 3 },
    status,
  });
  const ready = { observedGeneration: 2, updatedReplicas: 3, readyReplicas: 3 };
  it("is awaited for what runs pods", () => {
    equal(lacking("StatefulSet", set(ready)), undefined);
    match(lacking("StatefulSet", set({ ...ready, observedGeneration: 1 })) ?? "", /has not seen it yet/);
    match(lacking("StatefulSet", set({ ...ready, readyReplicas: 1 })) ?? "", /1 of 3 replicas are ready/);
    match(lacking("Deployment", set({ ...ready, updatedReplicas: 2 })) ?? "", /2 of 3 replicas are updated/);
    match(lacking("StatefulSet", { metadata: { generation: 1 }, spec: {} }) ?? "", /has not seen it yet/);
  });
  it("is at once for everything else", () => {
    equal(lacking("ConfigMap", {}), undefined);
  });
});

describe("pods that do not run", () => {
  const pod = (name: string, status: object) => ({ metadata: { name }, status });
  it("say why, in the kubelet's and the scheduler's words", () => {
    const waiting = { reason: "ImagePullBackOff", message: "Back-off pulling image x" };
    const items = [
      pod("e-0", { containerStatuses: [{ name: "engine", state: { running: {} } }] }),
      pod("e-1", {
        conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes are available" }],
      }),
      pod("e-2", { containerStatuses: [{ name: "engine", state: { waiting } }] }),
      pod("e-3", {
        containerStatuses: [{ name: "engine", state: { waiting: { reason: "ContainerCreating" } } }],
      }),
    ];
    deepEqual(podTroubles({ items }), [
      "e-1: 0/3 nodes are available",
      "e-2: ImagePullBackOff, Back-off pulling image x",
      "e-3: ContainerCreating",
    ]);
  });
  it("are none where there is no list", () => deepEqual(podTroubles({ message: "not found" }), []));
});

describe("the groups of AWS in the small", () => {
  const folder = mkdtempSync(join(tmpdir(), "groups-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string): string => join(folder, `${name}.json`);
  const fleetOf = (nodes: GroupNode[], fail: () => string | undefined = () => undefined) => ({
    configure: async () => {},
    removeForgotten: async () => {},
    nodes: async () => [...nodes],
    perform: async (step: { kind: string; name?: string; zone?: string; node?: GroupNode }) => {
      const message = fail();
      if (message !== undefined) throw new Error(message);
      if (step.kind === "create") {
        nodes.push({ name: step.name ?? "", zone: step.zone ?? "", revision: "1", ready: true });
      }
      if (step.kind === "retire") nodes.splice(0, 1);
    },
  });
  const settled = async (groups: Groups, id: string): Promise<string> => {
    for (let look = 0; groups.report(id).state === "UPDATING" && look < 100; look += 1) await sleep(5);
    return groups.report(id).state;
  };

  it("become active when their nodes are there, and are gone when they are not", async () => {
    const nodes: GroupNode[] = [];
    const groups = new Groups(file("life"), fleetOf(nodes), () => {});
    groups.put("c:g", GROUP);
    equal(groups.report("c:g").state, "UPDATING");
    equal(await settled(groups, "c:g"), "ACTIVE");
    equal(nodes.length, 1);
    groups.remove("c:g");
    equal(await settled(groups, "c:g"), "GONE");
    equal(nodes.length, 0);
  });

  it("are known again after a start, but active only once they were looked at", async () => {
    const nodes: GroupNode[] = [];
    const first = new Groups(file("again"), fleetOf(nodes), () => {});
    first.put("c:g", GROUP);
    equal(await settled(first, "c:g"), "ACTIVE");
    const second = new Groups(file("again"), fleetOf(nodes), () => {});
    equal(second.report("c:g").state, "UPDATING");
    await second.reconcile();
    equal(second.report("c:g").state, "ACTIVE");
  });

  it("fail at once when a node cannot be drained, and are tried again when asked for again", async () => {
    let why: string | undefined = "PodEvictionFailure: n still has engine-0";
    const groups = new Groups(
      file("drain"),
      fleetOf([], () => why),
      () => {},
    );
    groups.put("c:g", GROUP);
    equal(await settled(groups, "c:g"), "FAILED");
    match(groups.report("c:g").message, /still has engine-0/);
    why = undefined;
    groups.put("c:g", GROUP);
    equal(await settled(groups, "c:g"), "ACTIVE");
  });

  it("outlive an API server that is away for a moment", async () => {
    let failures = 3;
    const groups = new Groups(
      file("away"),
      fleetOf([], () => (failures-- > 0 ? "connect ECONNREFUSED" : undefined)),
      () => {},
    );
    groups.put("c:g", GROUP);
    for (let look = 0; look < 5; look += 1) {
      await sleep(5);
      await groups.reconcile();
    }
    equal(groups.report("c:g").state, "ACTIVE");
  });

  it("keep a state file that is broken, and say so", () => {
    writeFileSync(file("broken"), "{");
    let message = "";
    try {
      new Groups(file("broken"), fleetOf([]), () => {});
    } catch (error) {
      message = String(error);
    }
    match(message, /broken\.json/);
    equal(readFileSync(file("broken"), "utf8"), "{");
  });
});

describe("the arguments of npm run local", () => {
  it("are up without a word, and Pulumi's flags are passed on", () => {
    deepEqual(parseArguments([]), { command: "up", simulated: false, passed: [] });
    deepEqual(parseArguments(["--diff", "--state=/x", "--simulated"]), {
      command: "up",
      simulated: true,
      passed: ["--diff"],
      state: "/x",
    });
    deepEqual(parseArguments(["down", "--state", "/x"]), { command: "down", state: "/x" });
    deepEqual(parseArguments(["up", "-h"]), { command: "help" });
  });
  for (const [line, expected] of [
    ["dwon", /unknown command "dwon": expected up or down/],
    ["down --diff", /unknown option "--diff" of down/],
    ["--state --diff", /--state needs a folder/],
  ] as const) {
    it(`refuse "${line}" in words`, () => {
      let message = "";
      try {
        parseArguments(line.split(" "));
      } catch (error) {
        message = String(error);
      }
      match(message, expected);
    });
  }
});
