import assert from "node:assert/strict";
import type { Cluster } from "../../../workbench/fence/cluster";
import { fence, giveBack } from "../../../workbench/fence/fence";
import { type InstanceState, type Instances, instanceState } from "../../../workbench/fence/instances";
import { OUT_OF_SERVICE, withOutOfService, withoutOutOfService } from "../../../workbench/fence/node";
import { UserError } from "../../../workbench/offline/errors";

const TRADING = { key: "trading/dedicated", value: "engine", effect: "NoSchedule" };
const UNREACHABLE = { key: "node.kubernetes.io/unreachable", effect: "NoExecute" };

interface World {
  ready: boolean;
  uid: string;
  providerID: string;
  taints: object[];
  leaseVersion: string;
  states: InstanceState[];
  readonly patches: object[];
  readonly deleted: string[];
  readonly stops: string[];
  /** Writes that meet a Node which somebody else has just written. */
  conflicts: number;
  lost: number;
  /** Called before each read of the Node, with how many there were. */
  onRead?: (reads: number, world: World) => void;
}

function world(over: Partial<World> = {}): World {
  return {
    ready: false,
    uid: "u1",
    providerID: "aws:///eu-central-1a/i-0123456789abcdef0",
    taints: [TRADING, UNREACHABLE],
    leaseVersion: "7",
    states: [{ kind: "stopped", state: "stopped" }],
    patches: [],
    deleted: [],
    stops: [],
    conflicts: 0,
    lost: 0,
    ...over,
  };
}

function clusterOf(it: World): Cluster {
  let reads = 0;
  return {
    async get(path) {
      if (path.startsWith("/api/v1/nodes/")) {
        reads += 1;
        it.onRead?.(reads, it);
        return {
          metadata: { name: "n", uid: it.uid, resourceVersion: String(1 + it.lost) },
          spec: { providerID: it.providerID, taints: it.taints },
          status: { conditions: [{ type: "Ready", status: it.ready ? "True" : "Unknown" }] },
        };
      }
      if (path.startsWith("/api/v1/pods")) {
        const pod = { name: "engine-0", namespace: "trading", uid: "p1" };
        return { items: [{ metadata: pod, spec: { nodeName: "n" }, status: {} }] };
      }
      return {
        items: [{ metadata: { name: "engine-0", namespace: "trading", resourceVersion: it.leaseVersion } }],
      };
    },
    async patch(_path, body) {
      if (it.lost < it.conflicts) {
        it.lost += 1;
        return false;
      }
      it.patches.push(body);
      return true;
    },
    async forceDelete(namespace, pod) {
      it.deleted.push(`${namespace}/${pod}`);
    },
  };
}

function instancesOf(it: World): Instances {
  return {
    idOf: (providerId) =>
      providerId.startsWith("aws:")
        ? { id: "i-0123456789abcdef0" }
        : { why: `"${providerId}" names no instance` },
    async describe() {
      const [first = { kind: "unknown", why: "nothing left to say" } as const, ...rest] = it.states;
      if (rest.length > 0) it.states = rest;
      return first;
    },
    async stop(id) {
      it.stops.push(id);
    },
  };
}

const run = (it: World, over: { readonly stop?: boolean; readonly dryRun?: boolean } = {}) =>
  fence("n", {
    cluster: clusterOf(it),
    instances: instancesOf(it),
    say: () => {},
    timeoutSeconds: 0.05,
    listenSeconds: 0.01,
    ...over,
  });

describe("fencing", () => {
  it("taints a node whose instance is stopped, keeps its other taints, and lets its engines go", async () => {
    const it = world();
    const engines = await run(it);
    assert.deepEqual(
      engines.map(({ name }) => name),
      ["engine-0"],
    );
    assert.deepEqual(it.patches, [
      { metadata: { resourceVersion: "1" }, spec: { taints: [TRADING, UNREACHABLE, { ...OUT_OF_SERVICE }] } },
    ]);
    assert.deepEqual(it.deleted, ["trading/engine-0"]);
    assert.deepEqual(it.stops, []);
  });

  it("reads the node again where somebody wrote it between its read and the write", async () => {
    const it = world({ conflicts: 2 });
    await run(it);
    assert.deepEqual(it.patches, [
      { metadata: { resourceVersion: "3" }, spec: { taints: [TRADING, UNREACHABLE, { ...OUT_OF_SERVICE }] } },
    ]);
    assert.deepEqual(it.deleted, ["trading/engine-0"]);
  });

  it("stops a running instance only when told to", async () => {
    const it = world({
      states: [
        { kind: "running", state: "running" },
        { kind: "running", state: "stopping" },
        { kind: "stopped", state: "stopped" },
      ],
    });
    await fence("n", {
      cluster: clusterOf(it),
      instances: instancesOf(it),
      say: () => {},
      timeoutSeconds: 10,
      listenSeconds: 0.01,
      stop: true,
    });
    assert.deepEqual(it.stops, ["i-0123456789abcdef0"]);
    assert.equal(it.patches.length, 1);
  });

  it("changes nothing in a dry run", async () => {
    const it = world();
    await run(it, { dryRun: true });
    assert.deepEqual([it.patches, it.deleted, it.stops], [[], [], []]);
  });

  const running = { kind: "running", state: "running" } as const;
  const refusals: readonly (readonly [what: string, over: Partial<World>, message: RegExp])[] = [
    ["the node is Ready", { ready: true }, /is Ready: it is drained, not fenced.*--stop/],
    ["the instance runs", { states: [running] }, /is silent, but its instance .* runs.*--stop/],
    [
      "the instance is only stopping",
      { states: [{ kind: "running", state: "stopping" }] },
      /not proven.*it is stopping.*Nothing was tainted/,
    ],
    [
      "the instance is shutting down",
      { states: [{ kind: "running", state: "shutting-down" }] },
      /it is shutting-down/,
    ],
    [
      "nobody knows the state",
      { states: [{ kind: "unknown", why: "AccessDenied" }] },
      /unknown: AccessDenied/,
    ],
    ["the node names no instance", { providerID: "" }, /nothing proves that node n is dead/],
    [
      "the node was made again meanwhile",
      {
        onRead: (reads, it) => {
          if (reads === 2) it.uid = "u2";
        },
      },
      /made again/,
    ],
    [
      "the node names another instance meanwhile",
      {
        onRead: (reads, it) => {
          if (reads === 2) it.providerID = "aws:other";
        },
      },
      /made again/,
    ],
    [
      "the node was made again between two attempts to write",
      {
        conflicts: 1,
        onRead: (reads, it) => {
          if (reads === 3) it.uid = "u2";
        },
      },
      /made again/,
    ],
    [
      "others write the node all the time",
      { conflicts: 99 },
      /written by others all the time.*run this again/,
    ],
  ];
  for (const [what, over, message] of refusals) {
    it(`taints nothing when ${what}`, async () => {
      const it = world(over);
      await assert.rejects(run(it), (error) => error instanceof UserError && message.test(error.message));
      assert.deepEqual([it.patches, it.deleted, it.stops], [[], [], []]);
    });
  }

  it("taints nothing when an engine's lease is renewed after the instance was said to be stopped", async () => {
    const it = world();
    const cluster = clusterOf(it);
    let reads = 0;
    const renewing: Cluster = {
      ...cluster,
      get: async (path) => {
        if (path.includes("/leases")) {
          reads += 1;
          it.leaseVersion = String(reads);
        }
        return await cluster.get(path);
      },
    };
    await assert.rejects(
      fence("n", {
        cluster: renewing,
        instances: instancesOf(it),
        say: () => {},
        timeoutSeconds: 1,
        listenSeconds: 0.01,
      }),
      /engine-0 on node n renewed its lease.*Nothing was tainted/,
    );
    assert.deepEqual(it.patches, []);
  });

  it("takes EC2's stopped and terminated for a proof, and nothing else", () => {
    const kinds = [
      "pending",
      "running",
      "shutting-down",
      "stopping",
      "stopped",
      "terminated",
      "",
      undefined,
    ].map((state) => instanceState(state).kind);
    assert.deepEqual(kinds, [
      "running",
      "running",
      "running",
      "running",
      "stopped",
      "stopped",
      "unknown",
      "unknown",
    ]);
  });
});

describe("a fenced node", () => {
  it("is given back when it is Ready, with its other taints", async () => {
    const it = world({ ready: true, taints: [TRADING, { ...OUT_OF_SERVICE }] });
    await giveBack("n", {
      cluster: clusterOf(it),
      instances: instancesOf(it),
      say: () => {},
      timeoutSeconds: 1,
    });
    assert.deepEqual(it.patches, [{ metadata: { resourceVersion: "1" }, spec: { taints: [TRADING] } }]);
  });

  for (const [what, over, message] of [
    ["is not Ready", { taints: [{ ...OUT_OF_SERVICE }] }, /is not Ready/],
    ["was never fenced", { ready: true }, /is not out of service/],
  ] as const) {
    it(`is not given back when it ${what}`, async () => {
      const it = world({ ...over, taints: [...("taints" in over ? over.taints : [TRADING])] });
      const options = {
        cluster: clusterOf(it),
        instances: instancesOf(it),
        say: () => {},
        timeoutSeconds: 1,
      };
      await assert.rejects(giveBack("n", options), message);
      assert.deepEqual(it.patches, []);
    });
  }

  it("has the taint once, however often it is fenced", () => {
    const once = withOutOfService([TRADING]);
    assert.deepEqual(withOutOfService(once), once);
    assert.deepEqual(withoutOutOfService(once), [TRADING]);
  });
});
