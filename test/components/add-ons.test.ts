import assert from "node:assert/strict";
import { ClusterAddons, NodeAddons } from "../../components/cluster-addons";
import { childrenOf, namesOf, strangers, VOLUME_KEY } from "../support/components";
import { inventory, ofType, only, type Registered, record } from "../support/mocks";
import { eksStack } from "../support/stack-files";
import { items, json, valueAt } from "../support/values";

const ADDON = "aws:eks/addon:Addon";
const { addons: versions } = eksStack("prod").cluster;
const SHARED = { clusterName: "desk", region: "eu-central-1", versions };

describe("add-ons", () => {
  let registered: Registered;
  before(async () => {
    registered = await record(() => {
      const first = new NodeAddons("first", SHARED);
      return new ClusterAddons("then", { ...SHARED, volumeKeyArn: VOLUME_KEY }, { dependsOn: first });
    });
  });

  it("are made exactly once each, at the pinned version", () => {
    const made = ofType(registered, ADDON).map(({ inputs }) => [inputs["addonName"], inputs["addonVersion"]]);
    assert.deepEqual(made.sort(), [
      ["aws-ebs-csi-driver", "v1.64.0-eksbuild.1"],
      ["coredns", "v1.13.1-eksbuild.1"],
      ["eks-node-monitoring-agent", "v1.5.1-eksbuild.1"],
      ["eks-pod-identity-agent", "v1.3.10-eksbuild.2"],
      ["kube-proxy", "v1.35.0-eksbuild.2"],
      ["snapshot-controller", "v8.4.0-eksbuild.1"],
      ["vpc-cni", "v1.21.1-eksbuild.3"],
    ]);
  });

  it("before the nodes are network, service network and identity, and no more", () => {
    const component = only(registered, "trading:cluster:NodeAddons");
    assert.deepEqual(inventory(childrenOf(registered, component)), [
      `${ADDON} first-eks-pod-identity-agent`,
      `${ADDON} first-kube-proxy`,
      `${ADDON} first-vpc-cni`,
    ]);
  });

  it("carry their component's name", () => {
    for (const type of ["trading:cluster:NodeAddons", "trading:cluster:ClusterAddons"])
      assert.deepEqual(strangers(registered, only(registered, type)), []);
  });

  it("enforce network policies", () => {
    const { inputs } = only(registered, ADDON, "first-vpc-cni");
    assert.deepEqual(json(inputs["configurationValues"]), { enableNetworkPolicy: "true" });
  });

  it("take over what the cluster brought along", () => {
    for (const { inputs, name } of ofType(registered, ADDON)) {
      assert.equal(inputs["resolveConflictsOnCreate"], "OVERWRITE", name);
      assert.equal(inputs["resolveConflictsOnUpdate"], "OVERWRITE", name);
      assert.equal(inputs["clusterName"], "desk", name);
    }
  });

  it("wait for what their component waits for", () => {
    for (const { dependsOn, name } of ofType(registered, ADDON).filter((one) => one.name.startsWith("then-")))
      assert.ok(namesOf(dependsOn).includes("first-vpc-cni"), name);
  });

  it("start the EBS driver once its kinds and its credentials are there", () => {
    const waits = namesOf(only(registered, ADDON, "then-aws-ebs-csi-driver").dependsOn);
    assert.ok(waits.includes("then-snapshot-controller"));
    assert.ok(waits.includes("then-ebs-csi"));
  });

  it("bind the EBS driver by Pod Identity, once", () => {
    const association = only(registered, "aws:eks/podIdentityAssociation:PodIdentityAssociation");
    assert.deepEqual(association.inputs, {
      clusterName: "desk",
      namespace: "kube-system",
      serviceAccount: "ebs-csi-controller-sa",
      roleArn: "arn:aws:mock:::then-ebs-csi",
    });
    assert.equal(
      only(registered, ADDON, "then-aws-ebs-csi-driver").inputs["podIdentityAssociations"],
      undefined,
    );
    assert.deepEqual(namesOf(association.dependsOn).sort(), [
      "then-ebs-csi",
      "then-ebs-csi",
      "then-ebs-csi-key",
    ]);
  });

  it("trust the pods' service with session tags: the cluster-scoped policy compares them", () => {
    const trust = json(only(registered, "aws:iam/role:Role", "then-ebs-csi").inputs["assumeRolePolicy"]);
    assert.deepEqual(valueAt(trust, "Statement[0].Principal"), { Service: "pods.eks.amazonaws.com" });
    assert.deepEqual(valueAt(trust, "Statement[0].Action"), ["sts:AssumeRole", "sts:TagSession"]);
    const { inputs } = only(registered, "aws:iam/rolePolicyAttachment:RolePolicyAttachment");
    assert.equal(
      inputs["policyArn"],
      "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverEKSClusterScopedPolicy",
    );
  });

  it("let the EBS driver use one key, and grant it to AWS's own volumes only", () => {
    const policy = json(
      only(registered, "aws:iam/rolePolicy:RolePolicy", "then-ebs-csi-key").inputs["policy"],
    );
    const statements = items(valueAt(policy, "Statement"));
    assert.deepEqual(
      statements.map((one) => valueAt(one, "Resource")),
      [VOLUME_KEY, VOLUME_KEY],
    );
    assert.equal(valueAt(statements[1], "Action"), "kms:CreateGrant");
    assert.deepEqual(valueAt(statements[1], "Condition"), { Bool: { "kms:GrantIsForAWSResource": "true" } });
    const actions = items(valueAt(statements[0], "Action"));
    for (const action of ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"])
      assert.ok(actions.includes(action));
  });
});
