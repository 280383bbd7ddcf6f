import assert from "node:assert/strict";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Audit, Exchange } from "../../workbench/lab/engines/exchange";
import { eventually, podsOf } from "../../workbench/lab/engines/pods";
import { KubeClient } from "../../workbench/lab/kube-client";
import { accessOf } from "../../workbench/lab/kubeconfig";
import { labFolder } from "../../workbench/lab/paths";
import { runningPid } from "../../workbench/lab/processes";
import { nodeFolders } from "../../workbench/lab/real/node-folder";
import { obstacle } from "../../workbench/lab/real/runtime";
import { apiServer, readSettings } from "../../workbench/lab/settings";
import { openEngine } from "../../workbench/offline/harness";
import { command, processesOf, tracesOf } from "./support";

const MINUTES = 60_000;
const BUILD = 40 * MINUTES;
const NAMESPACE = "trading";
const podSchema = z.object({ status: z.object({ podIP: z.string() }) });
const viewSchema = z.looseObject({ phase: z.string() });
const STATE = ["--state"] as const;

/** `npm run local` as a person types it, as root: kubelets, containers, engines and the exchange are real processes. */
describe("npm run local, as root", function () {
  this.timeout(10 * MINUTES);
  const root = realpathSync(mkdtempSync(join(tmpdir(), "local-")));
  const lab = labFolder(join(root, "lab"));
  const local = (...args: readonly string[]) => command("local", [...args, ...STATE, lab.root]);
  let client: KubeClient;

  before(async function () {
    const reason = obstacle();
    if (reason !== undefined) {
      process.stdout.write(`  skipped: ${reason}\n`);
      this.skip();
    }
    this.timeout(BUILD);
    const { code, stdout, stderr } = await local();
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /On the lab\n/);
    const settings = readSettings(lab);
    if (settings === undefined) throw new Error("there is no lab");
    client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
  });
  after(async () => {
    client?.close();
    await local("down");
    rmSync(root, { recursive: true, force: true });
  });

  const exchange = (): Exchange => new Exchange(lab, readSettings(lab)?.real?.subnet ?? 0);
  const realEngines = async () => {
    const real = nodeFolders(lab).map(({ request }) => request.name);
    return (await podsOf(client, NAMESPACE)).filter(({ node }) => node !== undefined && real.includes(node));
  };

  // The exchange's books against the engine's own.
  const auditOf = async (name: string): Promise<Audit> => {
    const { status } = podSchema.parse(await client.get(`/api/v1/namespaces/${NAMESPACE}/pods/${name}`));
    const response = await fetch(`http://${status.podIP}:8080/positions`, {
      signal: AbortSignal.timeout(3000),
    });
    return await exchange().audit(name, viewSchema.parse(await response.json()));
  };
  const isClean = (audit: Audit): boolean => Object.values(audit).every((list) => list.length === 0);

  it("has engines that trade on the real kubelets of two zones", async () => {
    const engines = await realEngines();
    assert.equal(engines.length, 2);
    const { accounts } = await exchange().report();
    for (const { name } of engines) assert.ok((accounts[name]?.orders ?? 0) > 0, `${name} sent no order`);
  });

  it("changes nothing when it is run again", async () => {
    const before = { engines: await realEngines(), processes: processesOf(lab.root) };
    const { code, stdout, stderr } = await local("--expect-no-changes");
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual({ engines: await realEngines(), processes: processesOf(lab.root) }, before);
  });

  it("goes on after AWS in the small was killed", async () => {
    const pid = runningPid(lab, "aws-small");
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGKILL");
    const before = (await realEngines()).map(({ uid }) => uid);
    const { code, stdout, stderr } = await local("--expect-no-changes");
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(
      (await realEngines()).map(({ uid }) => uid),
      before,
    );
  });

  it("rolls a new AMI over the real kubelets, and no order is lost or sent twice", async () => {
    const before = {
      nodes: nodeFolders(lab).map(({ request }) => request.name),
      engines: await realEngines(),
    };
    const engine = await openEngine({
      stack: "dev",
      lab: lab.root,
      stateDir: lab.account,
      configOverrides: { config: { "trading:nodes": { ami: { releaseVersion: "1.35.4-20260801" } } } },
    });
    try {
      const result = await engine.up();
      assert.equal(result.exitCode, 0, result.stdout + result.stderr);
    } finally {
      await engine.close();
    }
    const names = nodeFolders(lab).map(({ request }) => request.name);
    assert.equal(names.length, 2);
    assert.deepEqual(
      names.filter((name) => before.nodes.includes(name)),
      [],
    );
    // Brings the old release back, waits until the engines trade, and so rolls a second time.
    const { code, stdout, stderr } = await local();
    assert.equal(code, 0, stdout + stderr);
    const engines = await realEngines();
    assert.deepEqual(
      engines.map(({ name, claim }) => ({ name, claim })),
      before.engines.map(({ name, claim }) => ({ name, claim })),
    );
    for (const { name } of engines) {
      const audit = await eventually(() => auditOf(name), isClean, 20_000);
      assert.ok(isClean(audit), `${name}: ${JSON.stringify(audit)}`);
    }
  });

  it("goes without a trace: no process, mount, namespace, interface, cgroup, socket or log link", async () => {
    client.close();
    const { code, stderr } = await local("down");
    assert.equal(code, 0, stderr);
    assert.deepEqual(tracesOf(lab), []);
    assert.equal(existsSync(lab.root), false);
  });
});
