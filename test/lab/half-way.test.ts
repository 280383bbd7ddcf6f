import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { eventually } from "../../workbench/lab/engines/pods";
import { KubeClient } from "../../workbench/lab/kube-client";
import { parseKubeconfig } from "../../workbench/lab/kubeconfig";
import { labFolder } from "../../workbench/lab/paths";
import { nodeFolders } from "../../workbench/lab/real/node-folder";
import { PAUSE_REFERENCE } from "../../workbench/lab/real/pause-image";
import { obstacle } from "../../workbench/lab/real/runtime";
import { snapshotterOf, takesOverlay } from "../../workbench/lab/real/snapshotter";
import { lab, processesOf, tracesOf } from "./support";

const MINUTES = 60_000;
const BUILD = 40 * MINUTES;
const REAL = ["up", "--real", "eu-central-1a", "--timers", "scaled"] as const;

const podSchema = z.object({ status: z.object({ phase: z.string() }) });
const SLEEPER = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "sleeper" },
  spec: {
    nodeName: "trading-eu-central-1a-0",
    automountServiceAccountToken: false,
    containers: [{ name: "sleeper", image: PAUSE_REFERENCE, imagePullPolicy: "Never" }],
  },
};

/**
 * A lab with a real node whose `up` is killed, in a folder that takes no overlay mounts: a machine inside a container is
 * like that, since its own root is an overlay already.
 */
describe("a lab with a real node that was killed half-way", function () {
  this.timeout(5 * MINUTES);
  // Short: the paths of a node's sockets are in it.
  const root = realpathSync(mkdtempSync(join(tmpdir(), "half-")));
  const layers = ["lower", "upper", "work", "on"].map((name) => join(root, name));
  const [lower = "", upper = "", work = "", on = ""] = layers;
  const folder = labFolder(join(on, "lab"));
  const at = ["--state", folder.root] as const;

  before(async function () {
    const reason = obstacle();
    if (reason !== undefined) {
      process.stdout.write(`  skipped: ${reason}\n`);
      this.skip();
    }
    this.timeout(BUILD);
    for (const layer of layers) mkdirSync(layer);
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    execFileSync("mount", ["-t", "overlay", "overlay", "-o", options, on]);
    assert.equal(await takesOverlay(root), true, "the usual case is not tested by the test's own machine");
    assert.equal(await takesOverlay(on), false);
  });
  after(async () => {
    await lab(["down", ...at]);
    if (readFileSync("/proc/self/mountinfo", "utf8").includes(` ${on} `)) execFileSync("umount", [on]);
    rmSync(root, { recursive: true, force: true });
  });

  // Of a container that is made of an image on the node: where layers cannot be mounted, that is what fails.
  const phaseOfPod = async (): Promise<string> => {
    const client = new KubeClient(parseKubeconfig(readFileSync(folder.kubeconfig, "utf8")));
    const path = "/api/v1/namespaces/default/pods";
    const phase = async () => podSchema.parse(await client.get(`${path}/sleeper`)).status.phase;
    try {
      const made = await client.send("POST", path, SLEEPER);
      assert.equal(made.status, 201, JSON.stringify(made.body));
      return await eventually(phase, (seen) => seen === "Running");
    } finally {
      client.close();
    }
  };

  // Where `up` says that it has come to, and how long after that it is killed.
  for (const [what, line, later] of [
    ["while the node's network and containerd start", "made ", 150],
    ["while its kubelet starts", "made ", 4000],
  ] as const) {
    it(`goes without a trace when it was killed ${what}`, async () => {
      const result = await lab([...REAL, ...at], {
        onLine: (text, pid) => {
          if (text.includes(line)) setTimeout(() => process.kill(pid, "SIGKILL"), later);
        },
      });
      assert.equal(result.code, null, result.stderr);
      assert.ok(processesOf(folder.root).length > 0);
      const { code, stderr } = await lab(["down", ...at]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(tracesOf(folder), []);
      assert.equal(existsSync(folder.root), false);
    });
  }

  it("is completed by the next up, with copied instead of mounted layers, and a sentence about it", async () => {
    const killed = await lab([...REAL, ...at], {
      onLine: (text, pid) => {
        if (text.includes("made ")) setTimeout(() => process.kill(pid, "SIGKILL"), 300);
      },
    });
    assert.equal(killed.code, null, killed.stderr);
    const { code, stderr } = await lab([...REAL, ...at]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /takes no overlay mounts: every container gets a copy/);
    assert.match(stderr, /real node trading-eu-central-1a-0 is ready/);
    assert.deepEqual(nodeFolders(folder).map(snapshotterOf), ["native"]);
    assert.equal(await phaseOfPod(), "Running");
    const again = await lab([...REAL, ...at]);
    assert.match(again.stderr, /was up already: nothing changed/);
    assert.equal((await lab(["down", ...at])).code, 0);
    assert.deepEqual(tracesOf(folder), []);
  });
});
