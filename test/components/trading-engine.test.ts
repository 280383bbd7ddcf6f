import assert from "node:assert/strict";
import * as kubernetes from "@pulumi/kubernetes";
import { awaitSeconds } from "../../components/engine/spec";
import { TradingEngine } from "../../components/trading-engine";
import { childrenOf, namesOf, strangers } from "../support/components";
import { ENGINE, specOf } from "../support/engine-specs";
import { inventory, ofType, only, type Registered, record, waitsFor } from "../support/mocks";
import { field, items, json, valueAt } from "../support/values";

const STATEFUL_SET = "kubernetes:apps/v1:StatefulSet";
const BUDGET = "kubernetes:policy/v1:PodDisruptionBudget";
const PREVIEW = { preview: true };

function engine(
  spec = specOf("prod"),
  edits: { readonly protect?: boolean; readonly clusterName?: string } = { clusterName: "desk" },
  options: { readonly preview?: boolean } = {},
): Promise<Registered> {
  return record(() => {
    const kubernetesProvider = new kubernetes.Provider("desk", { kubeconfig: "{}" });
    const first = new kubernetes.core.v1.Namespace(
      "storage-of-the-desk",
      {},
      { provider: kubernetesProvider },
    );
    const args = { spec, protect: true, kubernetesProvider, ...edits };
    return new TradingEngine(ENGINE, args, { dependsOn: first });
  }, options);
}

describe("TradingEngine", () => {
  let registered: Registered;
  before(async () => {
    registered = await engine();
  });

  it("is everything that an engine needs, each under its name", () => {
    const component = only(registered, "trading:engine:TradingEngine");
    assert.deepEqual(inventory(childrenOf(registered, component)), [
      "aws:eks/podIdentityAssociation:PodIdentityAssociation trading-engine-credentials",
      "aws:iam/role:Role trading-engine-credentials",
      "aws:iam/rolePolicy:RolePolicy trading-engine-credentials",
      `${STATEFUL_SET} trading-engine`,
      "kubernetes:core/v1:ConfigMap trading-engine-markets",
      "kubernetes:core/v1:Namespace trading-engine-namespace",
      "kubernetes:core/v1:Service trading-engine-headless",
      "kubernetes:core/v1:ServiceAccount trading-engine-account",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy trading-engine-deny-all",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy trading-engine-egress",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy trading-engine-ingress",
      `${BUDGET} trading-engine-budget`,
      "kubernetes:rbac.authorization.k8s.io/v1:Role trading-engine-lease",
      "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding trading-engine-lease",
      "kubernetes:scheduling.k8s.io/v1:PriorityClass trading-engine-priority",
    ]);
    assert.deepEqual(strangers(registered, component), []);
  });

  it("shows the policies what it was made from, as plain inputs", () => {
    const { inputs } = only(registered, "trading:engine:TradingEngine");
    assert.deepEqual(inputs, JSON.parse(JSON.stringify(specOf("prod"))));
  });

  it("makes the namespace once its component may start", () => {
    const namespace = only(registered, "kubernetes:core/v1:Namespace", "trading-engine-namespace");
    assert.deepEqual(namesOf(namespace.dependsOn), ["storage-of-the-desk"]);
    assert.equal(namespace.protect, true);
  });

  it("goes with its namespace, behind its policies and with its lease, when that is deleted", () => {
    const namespace = only(registered, "kubernetes:core/v1:Namespace", "trading-engine-namespace");
    const inside = registered.filter(({ inputs }) => valueAt(inputs, "metadata.namespace") !== undefined);
    assert.equal(inside.length, 10);
    for (const { name, type, deletedWith } of inside)
      assert.equal(deletedWith, namespace.urn, `${type} ${name}`);
    assert.equal(namespace.timeouts.delete, `${specOf("prod").gracePeriodSeconds + 300}s`);
  });

  it("starts engines when identity, markets, name, fences and credentials are there", () => {
    const waits = namesOf(only(registered, STATEFUL_SET).dependsOn);
    for (const name of [
      "namespace",
      "account",
      "lease",
      "credentials",
      "markets",
      "headless",
      "deny-all",
      "egress",
      "ingress",
      "priority",
    ])
      assert.ok(waits.includes(`trading-engine-${name}`), name);
  });

  it("bounds disruption before there is anything to disrupt: also when the first roll-out fails half-way", () => {
    assert.deepEqual(namesOf(only(registered, BUDGET).dependsOn), ["trading-engine-namespace"]);
    assert.ok(namesOf(only(registered, STATEFUL_SET).dependsOn).includes("trading-engine-budget"));
  });

  it("waits for a roll-out as long as the worst one takes", () => {
    const seconds = `${awaitSeconds(specOf("prod"))}s`;
    assert.deepEqual(only(registered, STATEFUL_SET).timeouts, {
      create: seconds,
      update: seconds,
      delete: seconds,
    });
  });

  it("is protected where it holds state, and leaves its pods running when it is replaced", () => {
    const { protect, inputs } = only(registered, STATEFUL_SET);
    assert.equal(protect, true);
    assert.equal(
      field(valueAt(inputs, "metadata.annotations"), "pulumi.com/deletionPropagationPolicy"),
      "orphan",
    );
  });

  it("is made in the given cluster, all of it", () => {
    const { urn } = only(registered, "pulumi:providers:kubernetes");
    for (const { type, provider, name } of registered)
      if (type.startsWith("kubernetes:")) assert.ok(provider.startsWith(urn), name);
  });

  it("gives its account the secrets of its markets, and no other", () => {
    const policy = json(only(registered, "aws:iam/rolePolicy:RolePolicy").inputs["policy"]);
    const statements = items(valueAt(policy, "Statement"));
    assert.equal(statements.length, 1);
    assert.equal(valueAt(statements[0], "Action"), "secretsmanager:GetSecretValue");
    assert.deepEqual(valueAt(statements[0], "Resource"), Object.values(specOf("prod").credentials));
    assert.deepEqual(only(registered, "aws:eks/podIdentityAssociation:PodIdentityAssociation").inputs, {
      clusterName: "desk",
      namespace: "trading-engine",
      serviceAccount: "trading-engine",
      roleArn: "arn:aws:mock:::trading-engine-credentials",
    });
  });

  it("has its credentials allowed before any pod asks for them", () => {
    const waits = waitsFor(registered, only(registered, STATEFUL_SET));
    assert.ok(waits.has("aws:iam/rolePolicy:RolePolicy trading-engine-credentials"));
  });
});

describe("TradingEngine in other places", () => {
  const awsParts = (registered: Registered) => registered.filter(({ type }) => type.startsWith("aws:"));

  it("touches no AWS resource without credentials", async () => {
    assert.deepEqual(awsParts(await engine(specOf("dev"))), []);
  });

  it("touches no AWS resource on a cluster that is not on EKS", async () => {
    assert.deepEqual(awsParts(await engine(specOf("prod"), {})), []);
  });

  it("is not protected where the environment is thrown away", async () => {
    const registered = await engine(specOf("dev"), { protect: false });
    assert.deepEqual(
      registered.filter(({ protect }) => protect),
      [],
    );
  });

  it("is known completely in the preview of a new stack: the policies read every field", async () => {
    const registered = await engine(specOf("dev"), {}, PREVIEW);
    assert.doesNotMatch(JSON.stringify(only(registered, STATEFUL_SET).inputs), /unknown/i);
    assert.deepEqual(
      only(registered, STATEFUL_SET).inputs,
      only(await engine(specOf("dev"), {}), STATEFUL_SET).inputs,
    );
  });

  it("gets a new market without a new template: only the map changes", async () => {
    const before = await engine(specOf("dev"), {});
    const after = await engine(specOf("dev", { "markets[0]": ["BTCUSDT", "BTCUSD", "XRPUSDT"] }), {});
    const changed = after.filter((one, index) => {
      const old = before[index];
      return one.custom && JSON.stringify(one.inputs) !== JSON.stringify(old?.inputs);
    });
    assert.deepEqual(inventory(changed), ["kubernetes:core/v1:ConfigMap trading-engine-markets"]);
    assert.equal(ofType(after, STATEFUL_SET).length, 1);
  });
});
