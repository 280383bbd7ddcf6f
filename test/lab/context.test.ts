import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { podsOf } from "../../workbench/lab/engines/pods";
import { KubeClient, type Manifest } from "../../workbench/lab/kube-client";
import { type LabAccess, parseKubeconfig } from "../../workbench/lab/kubeconfig";
import { type Engine, openEngine } from "../../workbench/offline/harness";
import { command, lab, processesOf } from "./support";

const MINUTES = 60_000;
const BUILD = 40 * MINUTES;
const NAMESPACE = "trading";
const tokenSchema = z.object({ status: z.object({ token: z.string() }) });

/** A cluster that somebody else made: to the commands a lab is one, once its kubeconfig has another name and place. */
describe("a stack on a context that exists", function () {
  this.timeout(5 * MINUTES);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "context-")));
  const state = join(folder, "lab");
  const kubeconfig = join(folder, "config");
  let access: LabAccess;
  let client: KubeClient;

  before(async function () {
    this.timeout(BUILD);
    const result = await lab(["up", "--state", state]);
    assert.equal(result.code, 0, result.stderr);
    access = parseKubeconfig(readFileSync(join(state, "admin.kubeconfig"), "utf8"));
    client = new KubeClient(access);
    for (const [name, content] of [
      ["ca.crt", access.authority],
      ["user.crt", access.certificate],
      ["user.key", access.key],
      ["token", await clusterAdminToken(client)],
    ] as const) {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
    }
    writeFileSync(kubeconfig, JSON.stringify(configWith(access.server)));
  });
  after(async () => {
    client?.close();
    await lab(["down", "--state", state]);
    assert.deepEqual(processesOf(state), []);
    rmSync(folder, { recursive: true, force: true });
  });

  const objects = async (): Promise<string[]> => {
    const there = [
      `/api/v1/namespaces/${NAMESPACE}`,
      "/apis/scheduling.k8s.io/v1/priorityclasses/trading-engine",
    ];
    const answers = await Promise.all(there.map((path) => client.send("GET", path)));
    return there.filter((_, index) => answers[index]?.status === 200);
  };

  for (const context of ["by-certificate", "by-token"]) {
    it(`comes up ${context.replace("-", " ")}, changes nothing when run again, and leaves nothing when destroyed`, async () => {
      const engine: Engine = await openEngine({
        stack: "local",
        context: { context, kubeconfig },
        configOverrides: { config: { "trading:cluster": { context } } },
      });
      try {
        const first = await engine.up();
        assert.equal(first.exitCode, 0, first.stdout + first.stderr);
        const pods = await podsOf(client, NAMESPACE);
        assert.deepEqual(
          pods.map(({ name, ready }) => ({ name, ready })),
          [0, 1, 2].map((ordinal) => ({ name: `trading-engine-${ordinal}`, ready: true })),
        );
        const second = await engine.up(["--expect-no-changes"]);
        assert.equal(second.exitCode, 0, second.stdout + second.stderr);
        assert.deepEqual(await podsOf(client, NAMESPACE), pods);
        const gone = await engine.destroy();
        assert.equal(gone.exitCode, 0, gone.stdout + gone.stderr);
        assert.deepEqual(await objects(), []);
      } finally {
        await engine.close();
      }
    });
  }

  it("says whether the stack can go there, and what is missing", async () => {
    const status = (context: string) => lab(["status", "--context", context, "--kubeconfig", kubeconfig]);
    const fits = await status("lab");
    assert.equal(fits.code, 0, fits.stdout + fits.stderr);
    assert.match(
      fits.stdout,
      /can go to the context lab\.\n.*3 ready in eu-central-1a, eu-central-1b, eu-central-1c/,
    );
    await client.send("DELETE", "/apis/storage.k8s.io/v1/storageclasses/standard");
    const lacks = await status("by-token");
    assert.equal(lacks.code, 3);
    assert.match(lacks.stdout, /There is no StorageClass standard/);
    assert.match(lacks.stdout, /deploys to the context "lab": write context: by-token/);
  });

  it("is refused in one sentence when it cannot be reached, or when the stack file means another", async () => {
    const preview = (...args: readonly string[]) =>
      command("offline", [
        "preview",
        "--stack",
        "local",
        "--kubeconfig",
        kubeconfig,
        "--state",
        join(folder, "s"),
        ...args,
      ]);
    for (const [context, words] of [
      ["by-token", /Pulumi\.local\.yaml deploys to the context "lab" and --context says "by-token"/],
      ["nowhere", /deploys to the context "lab" and --context says "nowhere"/],
    ] as const) {
      const { code, stderr } = await preview("--context", context);
      assert.equal(code, 1);
      assert.match(stderr, words);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    }
    for (const [server, token, words] of [
      ["https://127.0.0.1:1", "x", /API server of context "lab" does not answer at https:\/\/127\.0\.0\.1:1/],
      [access.server, "not-a-token", /does not accept the credentials of context "lab"/],
    ] as const) {
      writeFileSync(join(folder, "token"), token);
      writeFileSync(
        kubeconfig,
        JSON.stringify({ ...configWith(server), users: [{ name: "person", user: { tokenFile: "token" } }] }),
      );
      const { code, stderr } = await preview("--context", "lab");
      assert.equal(code, 1, stderr);
      assert.match(stderr, words);
    }
  });
});

/** A kubeconfig as people have them: several contexts, and paths that are relative to it. */
function configWith(server: string): object {
  const contexts = [
    ["lab", "person"],
    ["by-certificate", "person"],
    ["by-token", "robot"],
  ];
  return {
    apiVersion: "v1",
    kind: "Config",
    contexts: contexts.map(([name, user]) => ({ name, context: { cluster: "on-premises", user } })),
    clusters: [{ name: "on-premises", cluster: { server, "certificate-authority": "ca.crt" } }],
    users: [
      { name: "person", user: { "client-certificate": "user.crt", "client-key": "user.key" } },
      { name: "robot", user: { tokenFile: "token" } },
    ],
  };
}

async function clusterAdminToken(client: KubeClient): Promise<string> {
  const account: Manifest = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "deployer", namespace: "default" },
  };
  await client.create(account);
  const bound = await client.send("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "deployer" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", name: "deployer", namespace: "default" }],
  });
  assert.equal(bound.status, 201);
  const answer = await client.send("POST", "/api/v1/namespaces/default/serviceaccounts/deployer/token", {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {},
  });
  return tokenSchema.parse(answer.body).status.token;
}
