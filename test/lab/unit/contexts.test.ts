import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import {
  type CandidateNode,
  type ClusterView,
  cpusOf,
  describeCluster,
  missingFor,
} from "../../../workbench/lab/context-status";
import { accessIn, contextAccess } from "../../../workbench/lab/contexts";
import { UserError } from "../../../workbench/offline/errors";
import { requestOf, requireLab } from "../../../workbench/offline/target";
import { existingStack } from "../../support/stack-files";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const says = (pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n");

const CLUSTER = { server: "https://example.org:6443", "certificate-authority-data": base64("CA") };
const file = (user: object, cluster: object = CLUSTER, name = "kind-trading") => ({
  path: "/somewhere/config",
  text: stringify({
    contexts: [
      { name: "other", context: { cluster: "nowhere", user: "nobody" } },
      { name, context: { cluster: "c", user: "u" } },
    ],
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
  }),
});

describe("a kubeconfig that somebody else made", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is read with client certificates and with tokens, inline", () => {
    const user = { "client-certificate-data": base64("CRT"), "client-key-data": base64("KEY") };
    const place = { server: "https://example.org:6443", authority: "CA" };
    assert.deepEqual(accessIn([file(user)], "kind-trading"), { ...place, certificate: "CRT", key: "KEY" });
    assert.deepEqual(accessIn([file({ token: "T" })], "kind-trading"), { ...place, token: "T" });
  });

  it("is read with files, relative to its own folder", () => {
    for (const name of ["ca", "crt", "key", "token"]) writeFileSync(join(folder, name), `${name}\n`);
    const cluster = { server: "https://h", "certificate-authority": "ca" };
    const at = (user: object) => ({ ...file(user, cluster), path: join(folder, "config") });
    const certificates = { "client-certificate": "crt", "client-key": join(folder, "key") };
    assert.deepEqual(accessIn([at(certificates)], "kind-trading"), {
      ...{ server: "https://h", authority: "ca\n", certificate: "crt\n", key: "key\n" },
    });
    assert.equal(accessIn([at({ tokenFile: "token" })], "kind-trading").token, "token");
    assert.throws(
      () => accessIn([at({ tokenFile: "gone" })], "kind-trading"),
      says(/gone, which the kubeconfig names/),
    );
  });

  it("may be several files, of which the first that has a name decides", () => {
    const files = [
      file({ token: "first" }),
      file({ token: "second" }),
      file({ token: "x" }, CLUSTER, "third"),
    ];
    assert.equal(accessIn(files, "kind-trading").token, "first");
    assert.equal(accessIn(files, "third").token, "first");
  });

  for (const [what, user, cluster, words] of [
    [
      "an exec plugin",
      { exec: { command: "aws" } },
      CLUSTER,
      /plugin "aws" \(exec\), which is not supported here: client certificates and bearer tokens/,
    ],
    [
      "an auth provider",
      { "auth-provider": { name: "oidc" } },
      CLUSTER,
      /has auth-provider, which is not supported/,
    ],
    ["no credentials", {}, CLUSTER, /no credentials that are supported/],
    [
      "half a certificate",
      { "client-certificate-data": base64("x") },
      CLUSTER,
      /no credentials that are supported/,
    ],
    [
      "no check of the server",
      { token: "T" },
      { ...CLUSTER, "insecure-skip-tls-verify": true },
      /has insecure-skip-tls-verify/,
    ],
    ["no encryption", { token: "T" }, { server: "http://h" }, /only https is supported/],
    [
      "no server",
      { token: "T" },
      {},
      /the cluster of context "kind-trading" is not as a kubeconfig has it: server/,
    ],
  ] as const) {
    it(`with ${what} is refused in one sentence`, () => {
      assert.throws(() => accessIn([file(user, cluster)], "kind-trading"), says(words));
    });
  }

  it("without the context, or without what the context names, says what there is", () => {
    assert.throws(
      () => accessIn([file({})], "prod"),
      says(/no context "prod" in \/somewhere\/config: it has other, kind-trading\./),
    );
    assert.throws(() => accessIn([file({})], "other"), says(/names the cluster "nowhere", which is not in/));
    assert.throws(
      () => accessIn([{ path: "/a", text: "a: [" }], "x"),
      says(/\/a is not a kubeconfig: it is not YAML/),
    );
    assert.throws(
      () => accessIn([{ path: "/a", text: "contexts: 7" }], "x"),
      says(/\/a is not as a kubeconfig has it/),
    );
    assert.throws(() => accessIn([{ path: "/a", text: "" }], "x"), says(/it has none/));
    const missing = { context: "x", kubeconfig: join(folder, "gone") };
    assert.throws(() => contextAccess(missing), says(/there is no kubeconfig: .*gone cannot be read/));
  });
});

describe("the cluster of a stack file and of the command line", () => {
  const existing = { kind: "existing", context: "kind-trading", zones: ["a"] };

  it("is the same one, or the run is refused", () => {
    assert.deepEqual(requestOf("local", existing, { context: "kind-trading" }), { context: "kind-trading" });
    assert.throws(
      () => requestOf("local", existing, { context: "prod" }),
      says(/Pulumi\.local\.yaml deploys to the context "kind-trading" and --context says "prod"/),
    );
    assert.throws(
      () => requestOf("dev", { kind: "eks" }, { context: "x" }),
      says(/makes a cluster of its own/),
    );
    // A project that is not this one's.
    assert.deepEqual(requestOf("small", undefined, { context: "x" }), { context: "x" });
  });

  it("takes the stack's kubeconfig, and refuses another one", () => {
    const own = { ...existing, kubeconfig: "/k" };
    const asked = { context: "kind-trading" };
    assert.deepEqual(requestOf("local", own, asked), { ...asked, kubeconfig: "/k" });
    assert.throws(
      () => requestOf("local", own, { ...asked, kubeconfig: "/other" }),
      says(/leave one of them out/),
    );
  });

  it("is not the lab when the stack names another one", () => {
    requireLab("local", { kind: "existing", context: "lab" });
    requireLab("dev", { kind: "eks" });
    requireLab("small", undefined);
    assert.throws(
      () => requireLab("local", existing),
      says(/to the context "kind-trading", not to the lab: use --context/),
    );
    assert.throws(
      () => requireLab("local", { ...existing, context: "lab", kubeconfig: "/k" }),
      says(/of \/k, not to the lab/),
    );
  });
});

describe("whether a stack can go to a cluster", () => {
  const config = existingStack();
  const node = (index: number, edit: Partial<CandidateNode> = {}): CandidateNode => ({
    name: `n${index}`,
    ready: true,
    tainted: true,
    zone: config.cluster.zones[index],
    cpus: 4,
    ...edit,
  });
  const good: ClusterView = {
    nodes: [node(0), node(1), node(2)],
    storageClasses: new Map([["standard", "WaitForFirstConsumer"]]),
  };
  const missing = (edit: Partial<ClusterView>) => missingFor(config, { ...good, ...edit }, "lab");

  it("is said with the command that puts each thing right", () => {
    assert.deepEqual(missing({}), []);
    for (const [edit, words] of [
      [{ nodes: [] }, /kubectl label node NAME node-type=trading/],
      [{ nodes: [node(0), node(1), node(2, { ready: false })] }, /Node n2 is not ready/],
      [
        { nodes: [node(0), node(1), node(2, { ready: false })] },
        /3 engines need 3 ready trading nodes, one each, and there are 2/,
      ],
      [
        { nodes: [node(0), node(1), node(2, { ready: false })] },
        /No node that an engine can use is in eu-central-1c/,
      ],
      [
        { nodes: [node(0, { tainted: false }), node(1), node(2)] },
        /kubectl taint node n0 trading\/dedicated=engine:NoSchedule/,
      ],
      [
        { nodes: [node(0, { zone: undefined }), node(1), node(2)] },
        /kubectl label node n0 topology\.kubernetes\.io\/zone=/,
      ],
      [
        { nodes: [node(0, { zone: "mars" }), node(1), node(2)] },
        /n0 is in mars, which trading:cluster\.zones does not list/,
      ],
      [
        { nodes: [node(0, { cpus: 0.5 }), node(1), node(2)] },
        /n0 can promise 0\.5 CPUs, and an engine needs 1/,
      ],
      [{ storageClasses: new Map([["gp2", "Immediate"]]) }, /no StorageClass standard: it has gp2/],
      [{ storageClasses: new Map([["standard", "Immediate"]]) }, /does not wait for a first consumer/],
    ] as const) {
      assert.match(missing(edit).join("\n"), words);
    }
    assert.match(
      missingFor(config, good, "other").join(),
      /deploys to the context "lab": write context: other/,
    );
  });

  it("is told in the first line, with what there is", () => {
    assert.match(
      describeCluster("lab", good, []),
      /^Pulumi\.local\.yaml can go to the context lab\.\n {2}trading nodes {5}3 ready in eu-central-1a/,
    );
    assert.match(
      describeCluster("lab", good, ["X."]),
      /cannot go to the context lab yet\.[\s\S]*missing {11}X\./,
    );
  });

  it("counts CPUs as Kubernetes writes them", () => {
    assert.deepEqual(["4", "3920m", "0"].map(cpusOf), [4, 3.92, 0]);
  });
});
