import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { TradingCluster } from "../../components/trading-cluster";
import { childrenOf, recordWith, strangers } from "../support/components";
import { inventory, ofType, only, type Registered, settled, waitsFor } from "../support/mocks";
import { eksStack } from "../support/stack-files";
import { items, json, setAt, valueAt } from "../support/values";

const TYPE = "trading:cluster:TradingCluster";
const CONTROL_PLANE = "eks:index:Cluster";

describe("TradingCluster", () => {
  let registered: Registered;
  const made: TradingCluster[] = [];
  before(async () => {
    registered = await recordWith(eksStack("prod"), ({ cluster }) => made.push(cluster));
  });

  it("is control plane, key and provider, each under its name", () => {
    const component = only(registered, TYPE);
    assert.deepEqual(inventory(childrenOf(registered, component)), [
      "aws:kms/alias:Alias control-secrets",
      "aws:kms/key:Key control-secrets",
      "eks:index:Cluster control",
      "pulumi:providers:kubernetes control-kubernetes",
    ]);
    assert.deepEqual(strangers(registered, component), []);
  });

  it("leaves nodes and add-ons to their own components, whatever eks.Cluster's defaults are", () => {
    const { inputs } = only(registered, CONTROL_PLANE);
    const flags = {
      skipDefaultNodeGroup: true,
      skipDefaultSecurityGroups: true,
      bootstrapSelfManagedAddons: false,
      useDefaultVpcCni: true,
    };
    for (const [flag, value] of Object.entries(flags)) assert.equal(inputs[flag], value, flag);
    assert.equal(valueAt(inputs, "kubeProxyAddonOptions.enabled"), false);
    assert.equal(valueAt(inputs, "corednsAddonOptions.enabled"), false);
    for (const unset of [
      "createOidcProvider",
      "autoMode",
      "storageClasses",
      "nodeGroupOptions",
      "roleMappings",
    ])
      assert.equal(inputs[unset], undefined, unset);
  });

  it("lets its administrators in through access entries, and nobody through a ConfigMap", () => {
    const { inputs } = only(registered, CONTROL_PLANE);
    assert.equal(inputs["authenticationMode"], "API");
    assert.deepEqual(inputs["accessEntries"], {
      "arn:aws:iam::333333333333:role/platform-admin": {
        principalArn: "arn:aws:iam::333333333333:role/platform-admin",
        accessPolicies: {
          admin: {
            policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            accessScope: { type: "cluster" },
          },
        },
      },
    });
  });

  it("encrypts Secrets with a key of its own, logs everything and refuses deletion", () => {
    const { inputs, protect } = only(registered, CONTROL_PLANE);
    assert.equal(inputs["encryptionConfigKeyArn"], "arn:aws:mock:::control-secrets");
    assert.deepEqual(inputs["enabledClusterLogTypes"], [
      "api",
      "audit",
      "authenticator",
      "controllerManager",
      "scheduler",
    ]);
    assert.equal(inputs["deletionProtection"], true);
    assert.equal(protect, true);
  });

  it("has a key that turns, takes 30 days to die and belongs to the account", () => {
    const { inputs, protect } = only(registered, "aws:kms/key:Key", "control-secrets");
    assert.equal(inputs["enableKeyRotation"], true);
    assert.equal(inputs["deletionWindowInDays"], 30);
    assert.equal(protect, true);
    assert.equal(
      valueAt(json(inputs["policy"]), "Statement[0].Principal.AWS"),
      "arn:aws:iam::333333333333:root",
    );
  });

  it("pins version, name and network", () => {
    const { inputs } = only(registered, CONTROL_PLANE);
    assert.equal(inputs["version"], "1.35");
    assert.equal(inputs["name"], "trading-prod");
    assert.equal(inputs["kubernetesServiceIpAddressRange"], "172.20.0.0/16");
    assert.deepEqual(valueAt(inputs, "privateSubnetIds[2]"), "net-private-eu-central-1c-id");
    assert.equal(items(inputs["publicSubnetIds"]).length, 3);
  });

  it("has a private endpoint where the config says so", () => {
    const { inputs } = only(registered, CONTROL_PLANE);
    assert.equal(inputs["endpointPrivateAccess"], true);
    assert.equal(inputs["endpointPublicAccess"], false);
    assert.equal(inputs["publicAccessCidrs"], undefined);
  });

  it("makes a provider that changes ConfigMaps in place", () => {
    const provider = only(registered, "pulumi:providers:kubernetes");
    assert.equal(provider.inputs["enableConfigMapMutable"], "true");
    assert.equal(ofType(registered, "pulumi:providers:kubernetes").length, 1);
  });

  it("keeps its kubeconfig secret", async () => {
    const [cluster] = made;
    assert.ok(cluster);
    assert.equal(await pulumi.isSecret(cluster.kubeconfig), true);
    assert.equal(await settled(cluster.kubeconfig), '{"clusters":[]}');
  });
});

describe("TradingCluster with a public endpoint", () => {
  it("opens it to the named ranges and still reaches it from inside", async () => {
    const { inputs, protect } = only(await recordWith(eksStack("dev"), () => {}), CONTROL_PLANE);
    assert.equal(inputs["endpointPrivateAccess"], true);
    assert.equal(inputs["endpointPublicAccess"], true);
    assert.deepEqual(inputs["publicAccessCidrs"], ["203.0.113.0/24"]);
    assert.equal(inputs["deletionProtection"], false);
    assert.equal(protect, false);
  });

  it("names policies of the region's own partition", async () => {
    const config = eksStack("prod", (raw) => {
      setAt(raw, "region", "us-gov-west-1");
      setAt(raw, "residency.allowedRegions", ["us-gov-west-1"]);
      setAt(raw, "network.zones", ["us-gov-west-1a", "us-gov-west-1b", "us-gov-west-1c"]);
      setAt(raw, "engines.trading-engine.credentials", {});
    });
    const { inputs } = only(await recordWith(config, () => {}), CONTROL_PLANE);
    assert.match(JSON.stringify(inputs["accessEntries"]), /arn:aws-us-gov:eks::aws:cluster-access-policy/);
  });
});

describe("TradingCluster in its network", () => {
  it("waits for every way out, and outlives none: engines cancel orders until the cluster is gone", async () => {
    const config = eksStack("prod");
    const registered = await recordWith(config, ({ env, network }) => {
      const args = { ...env, ...config.cluster, network, deletionProtection: true };
      return new TradingCluster("second", args, { dependsOn: network });
    });
    const waits = waitsFor(registered, only(registered, CONTROL_PLANE, "second"));
    for (const zone of ["eu-central-1a", "eu-central-1b", "eu-central-1c"]) {
      assert.ok(waits.has(`aws:ec2/natGateway:NatGateway net-nat-${zone}`), zone);
      assert.ok(waits.has(`aws:ec2/route:Route net-private-${zone}-internet`), zone);
    }
  });
});
