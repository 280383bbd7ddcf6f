import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labFolder } from "../../workbench/lab/paths";
import { hasReal } from "../../workbench/lab/real/configs";
import { freeSubnet, makeBridge, plugIn, removeNetwork } from "../../workbench/lab/real/network";
import { labId, nodeFolder } from "../../workbench/lab/real/node-folder";
import { obstacle } from "../../workbench/lab/real/runtime";
import type { LabSettings } from "../../workbench/lab/settings";
import { tracesOf } from "./support";

/** Bridges and namespaces of this machine, without a lab in them: each step of theirs may be the last before a SIGKILL. */
describe("the network of a lab with real nodes", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "net-")));
  const lab = labFolder(join(root, "lab"));
  const ip = (...args: readonly string[]): string => execFileSync("ip", args, { encoding: "utf8" });
  let settings: LabSettings;

  before(async function () {
    const reason = obstacle();
    if (reason !== undefined) {
      process.stdout.write(`  skipped: ${reason}\n`);
      this.skip();
    }
    settings = {
      layout: 2,
      stack: "dev",
      nodesPerZone: 0,
      timers: "real",
      ports: { api: 443, etcd: 1, etcdPeer: 2 },
      real: { subnet: await freeSubnet(lab), cpuManager: "none", zones: {} },
    };
  });
  afterEach(() => removeNetwork(lab));
  after(() => {
    assert.deepEqual(tracesOf(lab), []);
    rmSync(root, { recursive: true, force: true });
  });

  it("completes a bridge that has no address yet", async () => {
    assert.ok(hasReal(settings));
    const { subnet } = settings.real;
    const bridge = `lab${labId(lab)}`;
    ip("link", "add", bridge, "type", "bridge");
    await makeBridge(lab, settings);
    const shown = ip("-4", "address", "show", "dev", bridge);
    assert.match(shown, new RegExp(`10\\.77\\.${subnet}\\.1/24`));
    assert.match(shown, new RegExp(`10\\.97\\.${subnet}\\.1/32`));
    await makeBridge(lab, settings);
    assert.equal(ip("-4", "address", "show", "dev", bridge), shown, "a second time changes nothing");
  });

  it("completes a node's namespace at whatever step it was left, and leaves a complete one alone", async () => {
    assert.ok(hasReal(settings));
    const { subnet } = settings.real;
    await makeBridge(lab, settings);
    const request = { name: "a", zone: "z", labels: {}, taints: [], cpuManager: "none" } as const;
    const node = nodeFolder(lab, { ...request, taints: [] });
    const scope = node.scope;
    const halfMade = [
      [],
      [["link", "add", node.cable, "type", "veth", "peer", "name", "eth0", "netns", scope]],
      [["-n", scope, "link", "add", "cni0", "type", "bridge"]],
    ];
    for (const steps of halfMade) {
      ip("netns", "add", scope);
      for (const step of steps) ip(...step);
      await plugIn(lab, node, subnet);
      assert.match(
        ip("-n", scope, "route"),
        new RegExp(`10\\.97\\.${subnet}\\.0/24 via 10\\.77\\.${subnet}\\.1`),
      );
      const before = ip("-n", scope, "link");
      await plugIn(lab, node, subnet);
      assert.equal(ip("-n", scope, "link"), before);
      await removeNetwork(lab);
      await makeBridge(lab, settings);
    }
  });
});
