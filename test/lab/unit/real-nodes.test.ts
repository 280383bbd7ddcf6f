import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realNodes } from "../../../workbench/lab/nodes";
import { labFolder } from "../../../workbench/lab/paths";
import { cniConfig, corefile, hasReal, kubeletConfig } from "../../../workbench/lab/real/configs";
import { mountsBelow } from "../../../workbench/lab/real/mounts";
import { hardwareAddress, hostAddress, nodeAddress, podAddresses } from "../../../workbench/lab/real/network";
import {
  labId,
  MOST_NODES,
  type NodeRequest,
  nodeFolder,
  nodeFolders,
} from "../../../workbench/lab/real/node-folder";
import { missingPackages } from "../../../workbench/lab/real/runtime";
import { apiServer, type LabSettings } from "../../../workbench/lab/settings";
import { stackPlan } from "../../../workbench/lab/stack-plan";
import { UserError } from "../../../workbench/offline/errors";

const SETTINGS: LabSettings = {
  layout: 2,
  stack: "dev",
  nodesPerZone: 1,
  timers: "scaled",
  ports: { api: 443, etcd: 2379, etcdPeer: 2380 },
  real: { subnet: 7, cpuManager: "static", zones: { "eu-central-1a": 2, "eu-central-1b": 1 } },
};
const request = (name: string): NodeRequest => ({
  name,
  zone: "eu-central-1a",
  labels: { "node-type": "trading" },
  taints: [{ key: "trading/dedicated", value: "engine", effect: "NoSchedule" }],
  cpuManager: "static",
});

describe("a lab's real nodes", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "real-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("are asked for by zone, under the names that simulated ones would have", () => {
    assert.ok(hasReal(SETTINGS));
    const nodes = realNodes(stackPlan("dev"), SETTINGS);
    assert.deepEqual(
      nodes.map(({ name, zone, cpuManager }) => [name, zone, cpuManager]),
      [
        ["trading-eu-central-1a-0", "eu-central-1a", "static"],
        ["trading-eu-central-1a-1", "eu-central-1a", "static"],
        ["trading-eu-central-1b-0", "eu-central-1b", "static"],
      ],
    );
    assert.equal(nodes[0]?.labels["node-type"], "trading");
    assert.equal(nodes[0]?.taints[0]?.effect, "NoSchedule");
  });

  it("keep their number, and a removed one's is given again", () => {
    const lab = labFolder(root);
    assert.deepEqual(
      ["a", "b", "c"].map((name) => nodeFolder(lab, request(name)).index),
      [0, 1, 2],
    );
    rmSync(nodeFolder(lab, request("b")).root, { recursive: true });
    assert.equal(nodeFolder(lab, request("c")).index, 2);
    assert.equal(nodeFolder(lab, request("d")).index, 1);
    assert.deepEqual(
      nodeFolders(lab).map(({ index, request: { name } }) => [name, index]),
      [
        ["a", 0],
        ["d", 1],
        ["c", 2],
      ],
    );
  });

  it("have short folders, however long the names are that a cloud gives", () => {
    const name = "engines-eu-central-1a-f7379fd736824d5c2d0b78f96c-0";
    const lab = labFolder(join(root, "x".repeat(Math.max(0, 60 - root.length))));
    assert.doesNotThrow(() => nodeFolder(lab, request(name)));
    assert.equal(nodeFolders(lab)[0]?.request.name, name);
  });

  it("are refused when there are too many, or when a socket's path would be too long", () => {
    const lab = labFolder(root);
    for (let count = 0; count < MOST_NODES; count += 1) nodeFolder(lab, request(`n${count}`));
    assert.throws(() => nodeFolder(lab, request("one-more")), /at most 6 real nodes: one-more/);
    const deep = labFolder(join(root, "x".repeat(90)));
    assert.throws(
      () => nodeFolder(deep, request("a")),
      (error) => error instanceof UserError && /too long a path.*--state/.test(error.message),
    );
  });

  it("have names that no other lab has", () => {
    assert.notEqual(labId(labFolder("/a")), labId(labFolder("/b")));
    const node = nodeFolder(labFolder(root), request("a"));
    // Linux takes 15 characters for an interface.
    assert.ok(node.cable.length <= 15);
  });
});

describe("the network of real nodes", () => {
  it("has bridges with addresses of their own, each another", () => {
    const addresses = [0, 1, 2].map((number) => hardwareAddress(labFolder("/a"), number));
    for (const address of addresses) assert.match(address, /^02(:[0-9a-f]{2}){5}$/);
    assert.equal(new Set([...addresses, hardwareAddress(labFolder("/b"), 0)]).size, 4);
  });

  it("gives host, nodes and pods addresses that never meet", () => {
    const numbers = Array.from({ length: MOST_NODES }, (_, index) => index);
    const last = (address: string): number => Number(address.split(".")[3]);
    const ranges = numbers.map((index) => podAddresses(7, index).map(last));
    const single = [hostAddress(7), ...numbers.map((index) => nodeAddress(7, index))].map(last);
    for (const [first = 0, end = 0] of ranges) {
      assert.ok(end - first >= 28 && end < 255);
      assert.ok(single.every((number) => number < first || number > end));
    }
    ranges.slice(1).forEach(([first = 0], index) => {
      assert.ok(first > (ranges[index]?.[1] ?? 0));
    });
  });

  it("reaches the API server at its Service's address, from everywhere", () => {
    assert.equal(apiServer(SETTINGS), "https://10.97.7.1:443");
    const { real: _, ...simulated } = SETTINGS;
    assert.equal(apiServer(simulated), "https://127.0.0.1:443");
  });
});

describe("a real node's configuration", () => {
  const root = "/lab";
  const lab = labFolder(root);
  const node = {
    ...lab,
    request: request("a"),
    index: 1,
    socket: "/lab/nodes/a/containerd.sock",
    containerdConfig: "",
    cniConfig: "",
    kubeletConfig: "",
    kubeletRoot: "/lab/nodes/a/kubelet",
    driverSocket: "/lab/nodes/a/kubelet/plugins_registry/csi.sock",
    resolvConf: "/lab/nodes/a/resolv.conf",
    scope: "lab-abc-1",
    cable: "labcn1",
  };

  it("gives Guaranteed pods CPUs of their own only where that was asked for", () => {
    assert.ok(hasReal(SETTINGS));
    const config = (cpuManager: "static" | "none") =>
      JSON.parse(
        JSON.stringify(kubeletConfig(lab, { ...node, request: { ...request("a"), cpuManager } }, SETTINGS)),
      );
    assert.equal(config("static").cpuManagerPolicy, "static");
    assert.deepEqual(config("static").systemReserved, { cpu: "500m" });
    assert.equal(config("none").systemReserved, undefined);
    assert.equal(config("none").nodeLeaseDurationSeconds, 4);
    assert.equal(config("none").cgroupRoot, "/lab-abc-1");
    assert.deepEqual(config("none").clusterDNS, ["10.77.7.1"]);
    assert.deepEqual(config("none").registerWithTaints, request("a").taints);
  });

  it("lets pods reach the API server's Service, and no other network", () => {
    assert.ok(hasReal(SETTINGS));
    const { plugins } = JSON.parse(JSON.stringify(cniConfig(node, SETTINGS)));
    assert.deepEqual(plugins[0].ipam.routes, [{ dst: "10.97.7.0/24", gw: "10.77.7.1" }]);
  });

  it("asks CoreDNS for the cluster's names only", () => {
    assert.ok(hasReal(SETTINGS));
    const text = corefile(lab, SETTINGS);
    // In one block the second plugin would answer for the first: CoreDNS has an order of its own.
    assert.deepEqual(text.match(/^\S+(?= \{)/gm), ["cluster.local:53", ".:53"]);
    assert.match(text, /bind 10\.77\.7\.1/);
    assert.match(text, /kubeconfig \/lab\/coredns\.kubeconfig lab/);
    assert.doesNotMatch(text, /forward/);
  });
});

describe("what real nodes need of the machine", () => {
  it("is named by package, each once", () => {
    const programs = { containerd: "containerd", ctr: "containerd", runc: "runc", ip: "iproute2" };
    assert.deepEqual(
      missingPackages(programs, () => true),
      [],
    );
    assert.deepEqual(
      missingPackages(programs, (name) => name === "ip"),
      ["containerd", "runc"],
    );
  });
});

describe("the mounts of a node", () => {
  const line = (point: string): string => `36 35 98:0 / ${point} rw,noatime - ext3 /dev/root rw`;

  it("are found below its folder only, the deepest first, whatever their names hold", () => {
    const info = ["/lab/nodes/a", "/lab/nodes/a/x", "/lab/nodes/a/x/y\\040z", "/lab/nodes/ab", "/other"].map(
      line,
    );
    assert.deepEqual(mountsBelow("/lab/nodes/a", info.join("\n")), [
      "/lab/nodes/a/x/y z",
      "/lab/nodes/a/x",
      "/lab/nodes/a",
    ]);
    assert.deepEqual(mountsBelow("/lab/nodes/c", info.join("\n")), []);
  });
});
