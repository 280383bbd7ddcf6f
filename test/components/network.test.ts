import assert from "node:assert/strict";
import { Network, type NetworkArgs } from "../../components/network";
import { childrenOf, namesOf, strangers } from "../support/components";
import { inventory, ofType, only, type Registered, record } from "../support/mocks";
import { eksStack } from "../support/stack-files";
import { field, valueAt } from "../support/values";

const TYPE = "trading:network:Network";
const ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];

function networkArgs(edits: Partial<NetworkArgs> = {}): NetworkArgs {
  return { ...eksStack("prod").network, region: "eu-central-1", protect: true, ...edits };
}

async function network(edits: Partial<NetworkArgs> = {}): Promise<Registered> {
  return record(() => new Network("net", networkArgs(edits)));
}

describe("Network", () => {
  let registered: Registered;
  before(async () => {
    registered = await network();
  });
  const inputs = (type: string, name: string) => only(registered, type, name).inputs;

  it("has all its parts as children, with its name before theirs", () => {
    const component = only(registered, TYPE);
    assert.equal(childrenOf(registered, component).length, registered.length - 1);
    assert.deepEqual(strangers(registered, component), []);
    assert.deepEqual(component.inputs, { region: "eu-central-1", cidr: "10.60.0.0/16", zones: ZONES });
  });

  it("has a public and a private subnet in each zone, by the plan", () => {
    assert.deepEqual(
      ofType(registered, "aws:ec2/subnet:Subnet")
        .map(({ name, inputs }) => [name, inputs["availabilityZone"], inputs["cidrBlock"]])
        .sort(),
      [
        ["net-private-eu-central-1a", "eu-central-1a", "10.60.0.0/19"],
        ["net-private-eu-central-1b", "eu-central-1b", "10.60.32.0/19"],
        ["net-private-eu-central-1c", "eu-central-1c", "10.60.64.0/19"],
        ["net-public-eu-central-1a", "eu-central-1a", "10.60.224.0/22"],
        ["net-public-eu-central-1b", "eu-central-1b", "10.60.228.0/22"],
        ["net-public-eu-central-1c", "eu-central-1c", "10.60.232.0/22"],
      ],
    );
  });

  it("tells load balancers which subnet is whose, and gives nobody a public address", () => {
    for (const [kind, tag] of [
      ["public", "kubernetes.io/role/elb"],
      ["private", "kubernetes.io/role/internal-elb"],
    ]) {
      const subnet = inputs("aws:ec2/subnet:Subnet", `net-${kind}-eu-central-1a`);
      assert.equal(field(subnet["tags"], tag ?? ""), "1");
      assert.equal(subnet["mapPublicIpOnLaunch"], undefined);
    }
  });

  it("leaves each zone by its own gateway and a protected address", () => {
    assert.equal(ofType(registered, "aws:ec2/natGateway:NatGateway").length, 3);
    const addresses = ofType(registered, "aws:ec2/eip:Eip");
    assert.deepEqual(
      addresses.map(({ protect }) => protect),
      [true, true, true],
    );
    for (const zone of ZONES) {
      const route = inputs("aws:ec2/route:Route", `net-private-${zone}-internet`);
      assert.equal(route["natGatewayId"], `net-nat-${zone}-id`);
      assert.equal(route["destinationCidrBlock"], "0.0.0.0/0");
    }
  });

  it("makes gateways once the VPC has a way to the internet", () => {
    const gateway = only(registered, "aws:ec2/natGateway:NatGateway", "net-nat-eu-central-1a");
    assert.ok(namesOf(gateway.dependsOn).includes("net-public-internet"));
  });

  it("reaches AWS's own services without the internet", () => {
    const services = ofType(registered, "aws:ec2/vpcEndpoint:VpcEndpoint").map(
      ({ inputs }) => inputs["serviceName"],
    );
    assert.deepEqual(services.sort(), [
      "com.amazonaws.eu-central-1.ecr.api",
      "com.amazonaws.eu-central-1.ecr.dkr",
      "com.amazonaws.eu-central-1.s3",
      "com.amazonaws.eu-central-1.secretsmanager",
      "com.amazonaws.eu-central-1.sts",
    ]);
    const rules = inputs("aws:ec2/securityGroup:SecurityGroup", "net-endpoints")["ingress"];
    assert.deepEqual(valueAt(rules, "[0].cidrBlocks"), ["10.60.0.0/16"]);
    assert.equal(valueAt(rules, "[0].fromPort"), 443);
  });

  it("keeps flow logs of all traffic for as long as the config says", () => {
    const logs = inputs("aws:cloudwatch/logGroup:LogGroup", "net-flow-logs");
    assert.equal(logs["retentionInDays"], 30);
    assert.equal(inputs("aws:ec2/flowLog:FlowLog", "net-flow-logs")["trafficType"], "ALL");
  });
});

describe("Network with one gateway", () => {
  it("sends every zone through the first, from one address", async () => {
    const registered = await network({ natGateways: "single", protect: false });
    assert.deepEqual(
      ofType(registered, "aws:ec2/eip:Eip").map(({ name, protect }) => [name, protect]),
      [["net-egress-eu-central-1a", false]],
    );
    const routes = ofType(registered, "aws:ec2/route:Route").filter(({ inputs }) => "natGatewayId" in inputs);
    assert.deepEqual(
      routes.map(({ inputs }) => inputs["natGatewayId"]),
      ZONES.map(() => "net-nat-eu-central-1a-id"),
    );
  });

  it("gains a zone without touching the others", async () => {
    const two = inventory(await network({ zones: ZONES.slice(0, 2) }));
    const three = inventory(await network());
    assert.deepEqual(
      two.filter((one) => !three.includes(one)),
      [],
    );
  });
});
