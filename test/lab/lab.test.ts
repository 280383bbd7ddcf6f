import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { EngineSpec } from "../../components/engine/spec";
import { engineManifests } from "../../workbench/lab/engines/manifests";
import { eventually, evict, type PodView, podsOf } from "../../workbench/lab/engines/pods";
import { KubeClient, type Manifest } from "../../workbench/lab/kube-client";
import { parseKubeconfig } from "../../workbench/lab/kubeconfig";
import { STORAGE_CLASS, simulatedNode } from "../../workbench/lab/nodes";
import { labFolder } from "../../workbench/lab/paths";
import { runningPid } from "../../workbench/lab/processes";
import { ATTACHMENTS } from "../../workbench/lab/volumes/attacher";
import { type Attachment, attachmentOf } from "../../workbench/lab/volumes/attachment";
import { specOf } from "../support/engine-specs";
import { lab, processesOf } from "./support";

const MINUTES = 60_000;
/** The first run builds everything. */
const BUILD = 40 * MINUTES;

/**
 * The dev stack's engine on a real API server, scheduler and controllers. Simulated are kubelets, containers and
 * disks: kwok says "ready" after two seconds, runs no probe, hook or signal, and ends a pod one second after its deletion.
 */
describe("the lab", function () {
  this.timeout(5 * MINUTES);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "lab-")));
  const state = join(folder, "state");
  const spec: EngineSpec = { ...specOf("dev"), storageClass: STORAGE_CLASS };
  const { namespace } = spec;
  let client: KubeClient;

  before(async function () {
    this.timeout(BUILD);
    const result = await lab(["up", "--state", state]);
    assert.equal(result.code, 0, result.stderr);
    client = new KubeClient(parseKubeconfig(readFileSync(join(state, "admin.kubeconfig"), "utf8")));
  });
  after(async () => {
    client?.close();
    await lab(["down", "--state", state]);
    rmSync(folder, { recursive: true, force: true });
  });

  const pods = () => podsOf(client, namespace);
  const allReady = () => eventually(pods, (seen) => seen.length === 3 && seen.every(({ ready }) => ready));

  it("is up: status and kubeconfig say so, and a second up changes nothing", async () => {
    const before = processesOf(state);
    assert.equal(before.length, 6);
    const again = await lab(["up", "--state", state]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /was up already: nothing changed/);
    assert.deepEqual(processesOf(state), before);
    const status = await lab(["status", "--state", state]);
    assert.equal(status.code, 0, status.stdout);
    assert.match(status.stdout, /4 nodes are ready, all simulated/);
    const { stdout } = await lab(["kubeconfig", "--state", state]);
    assert.equal(stdout, `${join(state, "admin.kubeconfig")}\n`);
  });

  it("runs the engine: a pod in each zone, on a node of its own, with exclusive CPUs and its own claim", async () => {
    for (const manifest of engineManifests(spec)) await client.apply(manifest);
    const seen = await allReady();
    assert.deepEqual(
      seen.map(({ name, ready, claim, qos }) => ({ name, ready, claim, qos })),
      [0, 1, 2].map((ordinal) => ({
        name: `trading-engine-${ordinal}`,
        ready: true,
        claim: `data-trading-engine-${ordinal}`,
        qos: "Guaranteed",
      })),
    );
    assert.deepEqual(seen.map(({ node }) => node).sort(), [
      "trading-eu-central-1a-0",
      "trading-eu-central-1b-0",
      "trading-eu-central-1c-0",
    ]);
  });

  it("binds each claim to a volume in the zone of its pod", async () => {
    const zones = await volumeZones(client);
    for (const { name, node, claim } of await pods()) {
      assert.ok(node?.includes(zones.get(claim ?? "") ?? "no volume"), `${name} on ${node}`);
    }
  });

  // While a pod is away the list is shorter: a pod is found by its name, never by its place.
  const returned = (name: string, before: readonly PodView[]) => (seen: readonly PodView[]) =>
    seen.length === before.length &&
    seen.some((pod) => pod.name === name && pod.ready && !before.some(({ uid }) => uid === pod.uid));

  it("evicts one engine and refuses the second until the first is ready again", async () => {
    const before = await allReady();
    assert.equal(await evict(client, namespace, "trading-engine-0"), 201);
    assert.equal(await evict(client, namespace, "trading-engine-1"), 429);
    const back = await eventually(pods, returned("trading-engine-0", before));
    assert.ok(returned("trading-engine-0", before)(back), JSON.stringify(back));
    assert.deepEqual(
      back.slice(1).map(({ uid }) => uid),
      before.slice(1).map(({ uid }) => uid),
    );
    const status = await eventually(
      () => evict(client, namespace, "trading-engine-1"),
      (code) => code === 201,
    );
    assert.equal(status, 201);
    const last = await eventually(pods, returned("trading-engine-1", back));
    assert.ok(returned("trading-engine-1", back)(last), JSON.stringify(last));
  });

  it("brings a deleted engine back with its name, its claim and its volume", async () => {
    const before = await allReady();
    const volumes = await volumeZones(client);
    await client.send("DELETE", `/api/v1/namespaces/${namespace}/pods/trading-engine-2`);
    const back = await eventually(pods, returned("trading-engine-2", before));
    assert.ok(returned("trading-engine-2", before)(back), JSON.stringify(back));
    for (const key of ["name", "claim", "node"] as const) {
      assert.deepEqual(
        back.map((pod) => pod[key]),
        before.map((pod) => pod[key]),
      );
    }
    assert.deepEqual(await volumeZones(client), volumes);
  });

  // The controller manager makes the attachments, as on any cluster; only the attacher is a stand-in.
  it("attaches each engine's disk to its node, and to no second one", async () => {
    const attached = await eventually(
      () => attachmentsOf(client),
      (seen) => seen.length === 3 && seen.every(({ status }) => status.attached),
    );
    const nodeOf = new Map(attached.map(({ spec }) => [spec.source.persistentVolumeName, spec.nodeName]));
    const names = await volumeNames(client);
    for (const { claim, node } of await pods()) assert.equal(nodeOf.get(names.get(claim ?? "") ?? ""), node);

    const [first] = attached;
    assert.ok(first);
    const zone = first.spec.nodeName.replace(/-0$/, "").replace("trading-", "");
    const elsewhere = attached.find(({ spec }) => spec.nodeName !== first.spec.nodeName)?.spec.nodeName;
    await client.create(simulatedNode("neighbour", "eu-central-1", zone, {}, [], NO_ROOM, NO_ROOM));
    for (const [nodeName, reason] of [
      ["neighbour", /^VolumeInUse: vol-[0-9a-f]{17} is attached to trading-/],
      [elsewhere ?? "", /^InvalidVolume.ZoneMismatch: /],
    ] as const) {
      const name = `second-${nodeName}`;
      await client.create(secondAttachment(name, { ...first.spec, nodeName }));
      const refused = await eventually(
        async () => (await attachmentsOf(client)).find(({ metadata }) => metadata.name === name),
        (seen) => seen?.status.attachError !== undefined,
      );
      assert.equal(refused?.status.attached, false);
      assert.match(refused?.status.attachError?.message ?? "", reason);
      await client.send("DELETE", `${ATTACHMENTS}/${name}`);
    }
    await client.send("DELETE", "/api/v1/nodes/neighbour");
    assert.deepEqual(await attachmentsOf(client), attached);
  });

  it("grows a volume with its claim, disk first", async () => {
    const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/data-trading-engine-0`;
    const body = { spec: { resources: { requests: { storage: "30Gi" } } } };
    const { status } = await client.send("PATCH", path, body, "application/merge-patch+json");
    assert.equal(status, 200);
    const read = async () => grownSchema.parse(await client.get(path)).status;
    const grown = await eventually(read, ({ capacity }) => capacity.storage === "30Gi");
    assert.deepEqual(grown, { capacity: { storage: "30Gi" }, allocatedResources: { storage: "30Gi" } });
  });

  it("says which process was killed, and completes itself without losing anything", async () => {
    const pid = runningPid(labFolder(state), "kube-scheduler");
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    const status = await eventually(
      () => lab(["status", "--state", state]),
      ({ code }) => code === 3,
    );
    assert.match(status.stdout, /incomplete/);
    assert.match(status.stdout, /kube-scheduler +does not run/);
    const before = await pods();
    const again = await lab(["up", "--state", state]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /kube-scheduler started/);
    assert.deepEqual(await pods(), before);
  });

  it("goes down completely", async () => {
    const { code, stderr } = await lab(["down", "--state", state]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(processesOf(state), []);
    assert.equal(existsSync(state), false);
    const status = await lab(["status", "--state", state]);
    assert.equal(status.code, 3);
    assert.match(status.stdout, /There is no lab/);
  });

  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    it(`leaves nothing after ${signal} in the middle of up`, async () => {
      const result = await lab(["up", "--state", state], {
        onLine: (line, pid) => {
          if (line.includes("kube-apiserver works")) process.kill(pid, signal);
        },
      });
      assert.equal(result.code, signal === "SIGINT" ? 130 : null, result.stderr);
      if (signal === "SIGINT") assert.deepEqual(processesOf(state), []);
      else assert.ok(processesOf(state).length >= 2);
      assert.equal((await lab(["down", "--state", state])).code, 0);
      assert.deepEqual(processesOf(state), []);
      assert.equal(existsSync(state), false);
    });
  }
});

const NO_ROOM = { cpu: "1", memory: "1Gi", pods: "1" } as const;

const grownSchema = z.object({
  status: z.object({
    capacity: z.object({ storage: z.string() }),
    allocatedResources: z.object({ storage: z.string() }).optional(),
    conditions: z.array(z.unknown()).optional(),
  }),
});

function secondAttachment(name: string, spec: Attachment["spec"]): Manifest & { readonly spec: object } {
  return { apiVersion: "storage.k8s.io/v1", kind: "VolumeAttachment", metadata: { name }, spec };
}

const listSchema = z.object({ items: z.array(z.unknown()) });

async function attachmentsOf(client: KubeClient): Promise<Attachment[]> {
  const { items } = listSchema.parse(await client.get(ATTACHMENTS));
  return items.map(attachmentOf).filter((each) => each !== undefined);
}

const volumesSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({
        claimRef: z.object({ name: z.string() }),
        nodeAffinity: z.object({
          required: z.object({
            nodeSelectorTerms: z.tuple([
              z.object({ matchExpressions: z.tuple([z.object({ values: z.tuple([z.string()]) })]) }),
            ]),
          }),
        }),
      }),
    }),
  ),
});

/** Zone of each claim's volume. */
async function volumeZones(client: KubeClient): Promise<Map<string, string>> {
  const { items } = volumesSchema.parse(await client.get("/api/v1/persistentvolumes"));
  return new Map(
    items.map(({ spec: { claimRef, nodeAffinity } }) => {
      const [{ matchExpressions }] = nodeAffinity.required.nodeSelectorTerms;
      return [claimRef.name, matchExpressions[0].values[0]];
    }),
  );
}

/** Name of each claim's volume. */
async function volumeNames(client: KubeClient): Promise<Map<string, string>> {
  const { items } = volumesSchema.parse(await client.get("/api/v1/persistentvolumes"));
  return new Map(items.map(({ metadata, spec }) => [spec.claimRef.name, metadata.name]));
}
