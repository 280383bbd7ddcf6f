import assert from "node:assert/strict";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { down } from "../../workbench/lab/down";
import { eventually, podsOf } from "../../workbench/lab/engines/pods";
import { KubeClient } from "../../workbench/lab/kube-client";
import { accessOf } from "../../workbench/lab/kubeconfig";
import { labFolder } from "../../workbench/lab/paths";
import { apiServer } from "../../workbench/lab/settings";
import { ATTACHMENTS } from "../../workbench/lab/volumes/attacher";
import { startLab, startSurroundings } from "../../workbench/local/surroundings";
import { type Edits, type Engine, openEngine } from "../../workbench/offline/harness";
import { processesOf } from "./support";

const MINUTES = 60_000;
const BUILD = 40 * MINUTES;
const NAMESPACE = "trading";
const GROUP = "eks.amazonaws.com/nodegroup";

const listSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
    }),
  ),
});
const attachmentsSchema = z.object({
  items: z.array(
    z.object({ spec: z.object({ nodeName: z.string() }), status: z.object({ attached: z.boolean() }) }),
  ),
});
const identitySchema = z.object({ metadata: z.object({ uid: z.string() }) });
const claimSchema = z.object({
  spec: z.object({ volumeName: z.string() }),
  status: z.object({ capacity: z.object({ storage: z.string() }) }),
});
const volumeSchema = z.object({ spec: z.object({ capacity: z.object({ storage: z.string() }) }) });
const nodeSchema = z.object({
  spec: z.object({ taints: z.array(z.object({ key: z.string(), value: z.string(), effect: z.string() })) }),
  status: z.object({ capacity: z.object({ cpu: z.string() }), allocatable: z.object({ cpu: z.string() }) }),
});

/**
 * The dev stack over AWS in the small: the real Pulumi engine, a real API server with its controllers and scheduler.
 * All nodes are simulated here, so that the test needs no root; with root `npm run local` has real kubelets.
 */
describe("the dev stack over AWS in the small", function () {
  this.timeout(5 * MINUTES);
  const root = realpathSync(mkdtempSync(join(tmpdir(), "small-")));
  const lab = labFolder(join(root, "lab"));
  let client: KubeClient;
  let engine: Engine;

  before(async function () {
    this.timeout(BUILD);
    const say = (): void => {};
    const settings = await startLab(lab, true, { say, signal: new AbortController().signal });
    client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
    await startSurroundings(lab, settings, client, say);
    engine = await openEngine({ stack: "dev", lab: lab.root });
  });
  after(async () => {
    await engine?.close();
    client?.close();
    await down(lab);
    assert.deepEqual(processesOf(lab.root), []);
    assert.equal(existsSync(lab.root), false);
    rmSync(root, { recursive: true, force: true });
  });

  const edited = (config: object): Edits => ({ configOverrides: { config } });
  const pods = () => podsOf(client, NAMESPACE);
  const nodes = async (): Promise<string[]> => {
    const { items } = listSchema.parse(await client.get(`/api/v1/nodes?labelSelector=node-type=trading`));
    return items.map(({ metadata }) => metadata.name).sort();
  };

  // Nodes that have an engine's disk, and nothing of the nodes that went.
  const attachedTo = async (): Promise<string[]> => {
    const { items } = attachmentsSchema.parse(await client.get(ATTACHMENTS));
    return items
      .filter(({ status }) => status.attached)
      .map(({ spec }) => spec.nodeName)
      .sort();
  };

  const disksAt = async (expected: readonly string[]): Promise<void> => {
    const seen = await eventually(attachedTo, (names) => names.join() === expected.join());
    assert.deepEqual(seen, expected);
  };

  it("comes up in one run, and each engine has a node of its own zone's group", async () => {
    const result = await engine.up();
    assert.equal(result.exitCode, 0, result.stdout + result.stderr);
    const seen = await pods();
    assert.deepEqual(
      seen.map(({ name, ready, qos }) => ({ name, ready, qos })),
      [0, 1, 2].map((ordinal) => ({ name: `trading-engine-${ordinal}`, ready: true, qos: "Guaranteed" })),
    );
    assert.deepEqual(seen.map(({ node }) => node).sort(), await nodes());
    await disksAt(await nodes());
  });

  it("gives a node what its own user data says: taints, CPUs, and fewer of them to hand out", async () => {
    const [first] = await nodes();
    const { spec, status } = nodeSchema.parse(await client.get(`/api/v1/nodes/${first}`));
    assert.deepEqual(spec.taints, [{ key: "trading/dedicated", value: "engine", effect: "NoSchedule" }]);
    assert.deepEqual([status.capacity.cpu, status.allocatable.cpu], ["4", "3"]);
  });

  it("has nothing to change in a second run, and nothing to refresh", async () => {
    const again = await engine.up(["--expect-no-changes"]);
    assert.equal(again.exitCode, 0, again.stdout + again.stderr);
    const refreshed = await engine.refresh(["--expect-no-changes"]);
    assert.equal(refreshed.exitCode, 0, refreshed.stdout + refreshed.stderr);
  });

  it("is told in the preview, by the API server itself, what it would refuse", async () => {
    engine.edit({
      programPatch: [
        {
          file: "components/engine/manifests.ts",
          find: "maxUnavailable: spec.maxDisrupted",
          replace: "maxUnavailable: spec.maxDisrupted, minAvailable: 1",
        },
      ],
    });
    const preview = await engine.preview();
    engine.edit({});
    assert.notEqual(preview.exitCode, 0);
    assert.match(preview.stdout + preview.stderr, /minAvailable and maxUnavailable cannot be both set/);
  });

  it("makes a node again that somebody deleted, as an Auto Scaling group does", async () => {
    const [name] = await nodes();
    const uid = async (): Promise<string | undefined> =>
      identitySchema.safeParse((await client.send("GET", `/api/v1/nodes/${name}`)).body).data?.metadata.uid;
    const before = await uid();
    await client.send("DELETE", `/api/v1/nodes/${name}`);
    const after = await eventually(uid, (seen) => seen !== undefined && seen !== before);
    assert.notEqual(after, before);
    const seen = await eventually(pods, (all) => all.length === 3 && all.every(({ ready }) => ready));
    assert.ok(
      seen.every(({ ready }) => ready),
      JSON.stringify(seen),
    );
  });

  it("rolls an AMI release zone after zone, and every engine keeps its claim", async () => {
    const before = { nodes: await nodes(), pods: await pods() };
    const release = "1.35.4-20260801";
    engine.edit(edited({ "trading:nodes": { ami: { releaseVersion: release } } }));
    let mostAway = 0;
    const watch = setInterval(() => {
      void pods().then((seen) => {
        mostAway = Math.max(mostAway, 3 - seen.filter(({ ready }) => ready).length);
      });
    }, 200);
    const result = await engine.up();
    clearInterval(watch);
    assert.equal(result.exitCode, 0, result.stdout + result.stderr);
    const after = await eventually(pods, (seen) => seen.length === 3 && seen.every(({ ready }) => ready));
    assert.deepEqual(
      (await nodes()).filter((name) => before.nodes.includes(name)),
      [],
    );
    assert.deepEqual(
      after.map(({ name, claim }) => ({ name, claim })),
      before.pods.map(({ name, claim }) => ({ name, claim })),
    );
    assert.ok(
      after.every(({ uid }, index) => uid !== before.pods[index]?.uid),
      "every pod moved",
    );
    assert.equal(mostAway, 1, "the budget lets one engine go at a time");
    await disksAt(await nodes());
  });

  it("adds an engine: a fourth pod, the others untouched", async () => {
    const before = await pods();
    const markets = [["BTCUSDT", "BTCUSD"], ["ETHUSDT", "ETHUSD"], ["SOLUSDT", "SOLUSD"], ["XRPUSDT"]];
    engine.edit(
      edited({
        "trading:nodes": { enginesPerZone: 2, ami: { releaseVersion: "1.35.4-20260801" } },
        "trading:engines": { "trading-engine": { markets } },
      }),
    );
    const result = await engine.up();
    assert.equal(result.exitCode, 0, result.stdout + result.stderr);
    const after = await pods();
    assert.deepEqual(
      after.slice(0, 3).map(({ uid }) => uid),
      before.map(({ uid }) => uid),
    );
    assert.equal(after[3]?.ready, true);
    assert.equal((await nodes()).length, 6);
    await disksAt(after.map(({ node }) => node ?? "none").sort());
  });

  it("grows a volume with its claim, while its engine runs", async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims/data-trading-engine-0`;
    const body = { spec: { resources: { requests: { storage: "30Gi" } } } };
    const before = await pods();
    const { status } = await client.send("PATCH", path, body, "application/merge-patch+json");
    assert.equal(status, 200);
    const claim = async () => claimSchema.parse(await client.get(path));
    const grown = await eventually(claim, (seen) => seen.status.capacity.storage === "30Gi");
    assert.equal(grown.status.capacity.storage, "30Gi");
    const volume = volumeSchema.parse(await client.get(`/api/v1/persistentvolumes/${grown.spec.volumeName}`));
    assert.equal(volume.spec.capacity.storage, "30Gi");
    assert.deepEqual(await pods(), before);
  });

  it("is destroyed: no node, no engine, and every volume kept", async () => {
    const result = await engine.destroy();
    assert.equal(result.exitCode, 0, result.stdout + result.stderr);
    const all = listSchema.parse(await client.get("/api/v1/nodes")).items;
    assert.deepEqual(
      all.filter(({ metadata }) => metadata.labels[GROUP] !== undefined),
      [],
    );
    assert.equal((await client.send("GET", `/api/v1/namespaces/${NAMESPACE}`)).status, 404);
    const volumes = listSchema.parse(await client.get("/api/v1/persistentvolumes")).items;
    assert.equal(volumes.length, 4);
  });
});
