import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { nodeArgs } from "../../components/environment";
import { amiTypeOf, SystemNodes } from "../../components/system-nodes";
import { TradingNodes } from "../../components/trading-nodes";
import type { EksConfig } from "../../config/schema";
import { encodeUserData, renderUserData } from "../../tuning";
import { childrenOf, namesOf, recordWith, strangers, VOLUME_KEY } from "../support/components";
import { inventory, ofType, only, type Registered, type Registration } from "../support/mocks";
import { type EksStack, eksStack } from "../support/stack-files";
import { assertText, setAt, valueAt } from "../support/values";

const GROUP = "aws:eks/nodeGroup:NodeGroup";
const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
const ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
const RESERVATION = "cr-0123456789abcdef0";
/** Name of a node group without the 26 characters that AWS's provider appends to a prefix. */
const LONGEST_PREFIX = 63 - 26;

function edited(stack: EksStack, edits: Readonly<Record<string, unknown>>): EksConfig {
  return eksStack(stack, (raw) => {
    for (const [path, value] of Object.entries(edits)) setAt(raw, path, value);
  });
}

function tradingNodes(config: EksConfig, options: { readonly preview?: boolean } = {}): Promise<Registered> {
  return recordWith(
    config,
    ({ env, network, cluster, volumeKeyArn }) =>
      new TradingNodes("nodes", { ...env, ...nodeArgs(config), network, cluster, volumeKeyArn }),
    options,
  );
}

async function warningsOf(run: () => Promise<unknown>): Promise<string[]> {
  const found: string[] = [];
  const { warn } = pulumi.log;
  Object.assign(pulumi.log, { warn: async (text: string) => void found.push(text) });
  try {
    await run();
  } finally {
    Object.assign(pulumi.log, { warn });
  }
  return found;
}

function nodeGroup(registered: Registered, zone: string): Registration {
  return only(registered, GROUP, `nodes-${zone}`);
}

describe("TradingNodes", () => {
  const config = eksStack("staging");
  const { plan } = nodeArgs(config);
  let registered: Registered;
  before(async () => {
    registered = await tradingNodes(config);
  });
  const template = (path: string) => valueAt(only(registered, TEMPLATE, "nodes-eu-central-1a").inputs, path);
  const group = (path: string) => valueAt(nodeGroup(registered, "eu-central-1a").inputs, path);

  it("is a role and, in each zone, a template and a group", () => {
    const component = only(registered, "trading:nodes:TradingNodes");
    assert.deepEqual(inventory(childrenOf(registered, component)), [
      ...ZONES.map((zone) => `${TEMPLATE} nodes-${zone}`),
      ...ZONES.map((zone) => `${GROUP} nodes-${zone}`),
      "aws:iam/role:Role nodes-node",
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment nodes-node-AmazonEC2ContainerRegistryPullOnly",
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment nodes-node-AmazonEKSWorkerNodePolicy",
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment nodes-node-AmazonEKS_CNI_Policy",
    ]);
    assert.deepEqual(strangers(registered, component), []);
  });

  it("warns of a risky knob once, and of nothing else", async () => {
    const warnings = await warningsOf(() =>
      tradingNodes(edited("staging", { "nodes.knobs": { mitigations: "off" } })),
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /^mitigations=off: every program/);
    assert.deepEqual(await warningsOf(() => tradingNodes(config)), []);
  });

  it("shows its plan to the policies, as plain inputs", () => {
    assert.deepEqual(only(registered, "trading:nodes:TradingNodes").inputs, {
      plan,
      zones: ZONES,
      enginesPerZone: 1,
      spareNodesPerZone: 1,
      clusterName: "trading-staging",
    });
  });

  it("boots with the plan's user data, byte for byte", () => {
    const userData = template("userData");
    assertText(userData);
    assert.equal(userData, encodeUserData(renderUserData(plan, { kind: "merge" })));
    assert.match(Buffer.from(userData, "base64").toString(), /^MIME-Version: 1\.0/);
  });

  it("has one encrypted root volume", () => {
    assert.deepEqual(template("blockDeviceMappings"), [
      {
        deviceName: "/dev/xvda",
        ebs: {
          volumeType: "gp3",
          volumeSize: 60,
          encrypted: "true",
          kmsKeyId: VOLUME_KEY,
          deleteOnTermination: "true",
        },
      },
    ]);
  });

  it("answers for its identity by session only, over two hops for the EBS driver", () => {
    assert.deepEqual(template("metadataOptions"), {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 2,
    });
  });

  it("leaves image and version to EKS, so that both are pinned in one place", () => {
    assert.equal(template("imageId"), undefined);
    assert.equal(group("amiType"), "AL2023_x86_64_STANDARD");
    assert.equal(group("releaseVersion"), "1.35.4-20260715");
  });

  it("keeps everything but engines away", () => {
    assert.deepEqual(group("taints"), [{ key: "trading/dedicated", value: "engine", effect: "NO_SCHEDULE" }]);
    assert.deepEqual(group("labels"), { "node-type": "trading" });
  });

  it("is on demand, of one type, and as large as its engines and its spare nodes", () => {
    assert.equal(group("capacityType"), "ON_DEMAND");
    assert.deepEqual(group("instanceTypes"), ["c7i.4xlarge"]);
    assert.deepEqual(group("scalingConfig"), { minSize: 2, desiredSize: 2, maxSize: 2 });
  });

  it("has each group in its own zone's subnet", () => {
    for (const zone of ZONES)
      assert.deepEqual(nodeGroup(registered, zone).inputs["subnetIds"], [`net-private-${zone}-id`]);
  });

  it("rolls one node at a time, one zone after the other", () => {
    assert.deepEqual(group("updateConfig"), { maxUnavailable: 1, updateStrategy: "DEFAULT" });
    const waits = (zone: string) => namesOf(nodeGroup(registered, zone).dependsOn);
    assert.ok(!waits("eu-central-1a").some((name) => name === "nodes-eu-central-1b"));
    assert.ok(waits("eu-central-1b").includes("nodes-eu-central-1a"));
    assert.ok(waits("eu-central-1c").includes("nodes-eu-central-1b"));
  });

  it("outlived by its role's policies", () => {
    for (const zone of ZONES) {
      const waits = namesOf(nodeGroup(registered, zone).dependsOn);
      assert.ok(waits.includes("nodes-node-AmazonEKS_CNI_Policy"), zone);
    }
  });

  it("follows its template's version", () => {
    assert.deepEqual(group("launchTemplate"), { id: "nodes-eu-central-1a-id", version: "7" });
    assert.equal(template("updateDefaultVersion"), true);
  });

  it("switches hyper-threading off where the config says so: EC2 wants both numbers", () => {
    assert.deepEqual(template("cpuOptions"), { coreCount: 8, threadsPerCore: 1 });
  });

  it("has neither placement group nor reservation unless asked", () => {
    assert.equal(template("placement"), undefined);
    assert.equal(template("capacityReservationSpecification"), undefined);
  });
});

describe("TradingNodes on metal", () => {
  it("has no CPU options, and terminates before it launches", async () => {
    const registered = await tradingNodes(eksStack("prod"));
    const { inputs } = only(registered, TEMPLATE, "nodes-eu-central-1a");
    assert.equal(inputs["cpuOptions"], undefined);
    assert.deepEqual(nodeGroup(registered, "eu-central-1a").inputs["updateConfig"], {
      maxUnavailable: 1,
      updateStrategy: "MINIMAL",
    });
    assert.deepEqual(nodeGroup(registered, "eu-central-1a").inputs["scalingConfig"], {
      minSize: 3,
      desiredSize: 3,
      maxSize: 3,
    });
  });
});

describe("TradingNodes with an image of one's own", () => {
  const config = edited("dev", {
    "nodes.ami": { mode: "own", imageId: "ami-0123456789abcdef0", architecture: "x86_64" },
  });

  it("names the image in the template, and neither type nor release on the group", async () => {
    const registered = await tradingNodes(config);
    assert.equal(
      only(registered, TEMPLATE, "nodes-eu-central-1a").inputs["imageId"],
      "ami-0123456789abcdef0",
    );
    const { inputs } = nodeGroup(registered, "eu-central-1a");
    for (const field of ["amiType", "releaseVersion", "version"])
      assert.equal(inputs[field], undefined, field);
  });

  it("writes the whole NodeConfig, the cluster's address included", async () => {
    const registered = await tradingNodes(config);
    const cluster = {
      name: "trading-dev",
      endpoint: "https://eks.test",
      certificateAuthority: "Y2VydA==",
      serviceCidr: "172.20.0.0/16",
    };
    assert.equal(
      only(registered, TEMPLATE, "nodes-eu-central-1a").inputs["userData"],
      encodeUserData(renderUserData(nodeArgs(config).plan, { kind: "own", cluster })),
    );
  });
});

describe("TradingNodes in the preview of a new stack", () => {
  const userData = async (config: EksConfig) =>
    only(await tradingNodes(config, { preview: true }), TEMPLATE, "nodes-eu-central-1a").inputs["userData"];

  it("shows its user data, so that the policies can read it", async () => {
    assert.equal(
      await userData(eksStack("dev")),
      encodeUserData(renderUserData(nodeArgs(eksStack("dev")).plan, { kind: "merge" })),
    );
  });

  it("does not with an image of one's own, which must know the cluster's address", async () => {
    const ami = { mode: "own", imageId: "ami-0123456789abcdef0", architecture: "x86_64" };
    assert.equal(pulumi.isUnknown(await userData(edited("dev", { "nodes.ami": ami }))), true);
  });
});

describe("TradingNodes close together", () => {
  it("uses one placement group and the zone's reservation", async () => {
    const config = edited("dev", {
      "nodes.zones": ["eu-central-1b"],
      "nodes.enginesPerZone": 3,
      "nodes.placement": "cluster",
      "nodes.capacityReservations": { "eu-central-1b": RESERVATION },
    });
    const registered = await tradingNodes(config);
    const placement = only(registered, "aws:ec2/placementGroup:PlacementGroup");
    assert.deepEqual([placement.name, placement.inputs["strategy"]], ["nodes-eu-central-1b", "cluster"]);
    const { inputs } = only(registered, TEMPLATE);
    assert.equal(valueAt(inputs, "placement.groupName"), "nodes-eu-central-1b-named");
    assert.deepEqual(inputs["capacityReservationSpecification"], {
      capacityReservationPreference: "capacity-reservations-only",
      capacityReservationTarget: { capacityReservationId: RESERVATION },
    });
  });
});

describe("SystemNodes", () => {
  let registered: Registered;
  before(async () => {
    const config = eksStack("staging");
    const { systemNodes: nodes } = config.cluster;
    registered = await recordWith(
      config,
      ({ env, network, volumeKeyArn }) => new SystemNodes("system", { ...env, nodes, network, volumeKeyArn }),
    );
  });

  it("take everything that is not an engine: no taint, every zone", () => {
    const { inputs } = only(registered, GROUP);
    assert.equal(inputs["taints"], undefined);
    assert.deepEqual(inputs["labels"], { "node-type": "system" });
    assert.deepEqual(
      inputs["subnetIds"],
      ZONES.map((zone) => `net-private-${zone}-id`),
    );
    assert.deepEqual(inputs["scalingConfig"], { minSize: 3, desiredSize: 3, maxSize: 4 });
    assert.equal(inputs["releaseVersion"], "1.35.4-20260715");
  });

  it("have encrypted roots, sessions for their metadata, and no user data", () => {
    const { inputs } = only(registered, TEMPLATE);
    assert.equal(valueAt(inputs, "blockDeviceMappings[0].ebs.encrypted"), "true");
    assert.equal(valueAt(inputs, "blockDeviceMappings[0].ebs.kmsKeyId"), VOLUME_KEY);
    assert.equal(valueAt(inputs, "metadataOptions.httpTokens"), "required");
    assert.equal(inputs["userData"], undefined);
  });

  it("carry their component's name", () => {
    assert.deepEqual(strangers(registered, only(registered, "trading:nodes:SystemNodes")), []);
  });

  for (const [type, image] of [
    ["m7i.large", "AL2023_x86_64_STANDARD"],
    ["m7g.large", "AL2023_ARM_64_STANDARD"],
    ["c8gd.xlarge", "AL2023_ARM_64_STANDARD"],
    ["x2iedn.xlarge", "AL2023_x86_64_STANDARD"],
    ["g5.xlarge", "AL2023_x86_64_STANDARD"],
    ["im4gn.large", "AL2023_ARM_64_STANDARD"],
  ] as const)
    it(`boot ${type} from ${image}`, () => assert.equal(amiTypeOf(type), image));
});

describe("names that AWS generates from a prefix", () => {
  for (const [region, environment] of [
    ["eu-central-1", "staging"],
    ["ap-southeast-1", "environment-of-24-letter"],
  ] as const)
    it(`fit for ${environment} in ${region}`, async () => {
      const zones = ["a", "b", "c"].map((letter) => `${region}${letter}`);
      const config = edited("dev", {
        environment,
        region,
        "residency.allowedRegions": [region],
        "network.zones": zones,
      });
      const name = `trading-${environment}`;
      const registered = await recordWith(config, ({ env, network, cluster, volumeKeyArn }) => {
        const shared = { ...env, network, volumeKeyArn };
        const { systemNodes: nodes } = config.cluster;
        return [
          new TradingNodes(`${name}-engines`, { ...shared, ...nodeArgs(config), cluster }),
          new SystemNodes(`${name}-system`, { ...shared, nodes }),
        ];
      });
      for (const { inputs, name: group } of ofType(registered, GROUP)) {
        const prefix = inputs["nodeGroupNamePrefix"];
        assertText(prefix);
        assert.ok(prefix.length <= LONGEST_PREFIX, `${group}: ${prefix} has ${prefix.length} characters`);
      }
      for (const { name: role } of ofType(registered, "aws:iam/role:Role"))
        assert.ok(role.length + 8 <= 64, `${role} and a suffix are over 64 characters`);
    });
});
