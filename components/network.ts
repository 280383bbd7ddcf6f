import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { planSubnets, type ZoneSubnets } from "../config/cidr";
import type { NetworkConfig } from "../config/schema";
import { seconds } from "../config/units";
import { type NetworkInputs, TYPES } from "./contract";

export interface NetworkArgs extends NetworkConfig {
  region: string;
  /** Pulumi's `protect` on the elastic IPs: exchanges allow-list them. */
  protect: boolean;
}

/** AWS services reached without the internet, beside S3: image pulls, credentials, exchange secrets. */
const INTERFACE_ENDPOINTS = ["ecr.api", "ecr.dkr", "sts", "secretsmanager"] as const;

/** Role tags by which load balancers find their subnets. https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html */
const PUBLIC_ROLE = { "kubernetes.io/role/elb": "1" };
const PRIVATE_ROLE = { "kubernetes.io/role/internal-elb": "1" };

/**
 * VPC with a public and a private subnet in each zone. Nodes live in private subnets and leave through NAT gateways
 * whose addresses stay the same, since exchanges allow-list them.
 *
 * Cost: a NAT gateway is about 35 USD a month and zone, an interface endpoint about 8. Risk: with `single`, the loss
 * of one zone takes every engine's egress away.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly publicSubnetIds: pulumi.Output<string>[];
  readonly privateSubnetIds: pulumi.Output<string>[];
  /** Private subnet by zone: where a zone's nodes go. */
  readonly privateSubnetByZone: Readonly<Record<string, pulumi.Output<string>>>;
  /** Addresses from which engines reach exchanges. */
  readonly egressIps: pulumi.Output<string>[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    const { region, cidr } = args;
    // Their order in the stack file means nothing: it must not decide which zone has the one NAT gateway.
    const zones = [...args.zones].sort();
    super(TYPES.network, name, { region, cidr, zones } satisfies NetworkInputs, opts);
    const vpc = createVpc(this, name, args);
    const subnets = planSubnets(cidr, zones).map((plan) => createZone(this, name, vpc, plan));
    const publicRoutes = createPublicRoutes(this, name, vpc, subnets);
    const gateways = createNatGateways(this, name, args, subnets, publicRoutes);
    const privateTables = subnets.map((zone, index) =>
      createPrivateRoutes(this, name, vpc, zone, gateways[index % gateways.length]),
    );
    createEndpoints(this, name, args, vpc, subnets, privateTables);
    createFlowLogs(this, name, args, vpc);

    this.vpcId = vpc.id;
    this.publicSubnetIds = subnets.map((zone) => zone.publicSubnet.id);
    this.privateSubnetIds = subnets.map((zone) => zone.privateSubnet.id);
    this.privateSubnetByZone = Object.fromEntries(subnets.map((zone) => [zone.zone, zone.privateSubnet.id]));
    this.egressIps = gateways.map((gateway) => gateway.address.publicIp);
    this.registerOutputs({ vpcId: this.vpcId, egressIps: this.egressIps });
  }
}

interface Zone {
  readonly zone: string;
  readonly publicSubnet: aws.ec2.Subnet;
  readonly privateSubnet: aws.ec2.Subnet;
}

interface Gateway {
  readonly address: aws.ec2.Eip;
  readonly nat: aws.ec2.NatGateway;
}

function createVpc(parent: Network, name: string, { cidr }: NetworkArgs): aws.ec2.Vpc {
  return new aws.ec2.Vpc(
    `${name}-vpc`,
    { cidrBlock: cidr, enableDnsSupport: true, enableDnsHostnames: true, tags: { Name: name } },
    { parent },
  );
}

function createZone(parent: Network, name: string, vpc: aws.ec2.Vpc, plan: ZoneSubnets): Zone {
  const subnet = (kind: string, cidrBlock: string, tags: Record<string, string>) =>
    new aws.ec2.Subnet(
      `${name}-${kind}-${plan.zone}`,
      {
        vpcId: vpc.id,
        availabilityZone: plan.zone,
        cidrBlock,
        tags: { ...tags, Name: `${name}-${kind}-${plan.zone}` },
      },
      { parent },
    );
  return {
    zone: plan.zone,
    publicSubnet: subnet("public", plan.publicCidr, PUBLIC_ROLE),
    privateSubnet: subnet("private", plan.privateCidr, PRIVATE_ROLE),
  };
}

function createPublicRoutes(
  parent: Network,
  name: string,
  vpc: aws.ec2.Vpc,
  zones: readonly Zone[],
): aws.ec2.Route {
  const gateway = new aws.ec2.InternetGateway(
    `${name}-igw`,
    { vpcId: vpc.id, tags: { Name: name } },
    { parent },
  );
  const table = new aws.ec2.RouteTable(
    `${name}-public`,
    { vpcId: vpc.id, tags: { Name: `${name}-public` } },
    { parent },
  );
  for (const { zone, publicSubnet } of zones)
    new aws.ec2.RouteTableAssociation(
      `${name}-public-${zone}`,
      { routeTableId: table.id, subnetId: publicSubnet.id },
      { parent },
    );
  return new aws.ec2.Route(
    `${name}-public-internet`,
    { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
    { parent },
  );
}

function createNatGateways(
  parent: Network,
  name: string,
  { natGateways, protect }: NetworkArgs,
  zones: readonly Zone[],
  internet: aws.ec2.Route,
): Gateway[] {
  const served = natGateways === "single" ? zones.slice(0, 1) : zones;
  return served.map(({ zone, publicSubnet }) => {
    const address = new aws.ec2.Eip(
      `${name}-egress-${zone}`,
      { domain: "vpc", tags: { Name: `${name}-egress-${zone}` } },
      { parent, protect },
    );
    const nat = new aws.ec2.NatGateway(
      `${name}-nat-${zone}`,
      { allocationId: address.id, subnetId: publicSubnet.id, tags: { Name: `${name}-${zone}` } },
      // AWS: a NAT gateway works only once its VPC has a way to the internet.
      { parent, dependsOn: internet },
    );
    return { address, nat };
  });
}

function createPrivateRoutes(
  parent: Network,
  name: string,
  vpc: aws.ec2.Vpc,
  { zone, privateSubnet }: Zone,
  gateway: Gateway | undefined,
): aws.ec2.RouteTable {
  const table = new aws.ec2.RouteTable(
    `${name}-private-${zone}`,
    { vpcId: vpc.id, tags: { Name: `${name}-private-${zone}` } },
    { parent },
  );
  new aws.ec2.RouteTableAssociation(
    `${name}-private-${zone}`,
    { routeTableId: table.id, subnetId: privateSubnet.id },
    { parent },
  );
  if (gateway)
    new aws.ec2.Route(
      `${name}-private-${zone}-internet`,
      { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", natGatewayId: gateway.nat.id },
      { parent },
    );
  return table;
}

function createEndpoints(
  parent: Network,
  name: string,
  { region, cidr }: NetworkArgs,
  vpc: aws.ec2.Vpc,
  zones: readonly Zone[],
  privateTables: readonly aws.ec2.RouteTable[],
): void {
  new aws.ec2.VpcEndpoint(
    `${name}-s3`,
    {
      vpcId: vpc.id,
      vpcEndpointType: "Gateway",
      serviceName: `com.amazonaws.${region}.s3`,
      routeTableIds: privateTables.map((table) => table.id),
      tags: { Name: `${name}-s3` },
    },
    { parent },
  );
  const callers = new aws.ec2.SecurityGroup(
    `${name}-endpoints`,
    {
      description: "HTTPS from the VPC to AWS service endpoints",
      vpcId: vpc.id,
      ingress: [
        {
          protocol: "tcp",
          fromPort: 443,
          toPort: 443,
          cidrBlocks: [cidr],
          description: "HTTPS from the VPC",
        },
      ],
      tags: { Name: `${name}-endpoints` },
    },
    { parent },
  );
  for (const service of INTERFACE_ENDPOINTS)
    new aws.ec2.VpcEndpoint(
      `${name}-${service.replace(".", "-")}`,
      {
        vpcId: vpc.id,
        vpcEndpointType: "Interface",
        serviceName: `com.amazonaws.${region}.${service}`,
        privateDnsEnabled: true,
        subnetIds: zones.map(({ privateSubnet }) => privateSubnet.id),
        securityGroupIds: [callers.id],
        tags: { Name: `${name}-${service}` },
      },
      { parent },
    );
}

function createFlowLogs(
  parent: Network,
  name: string,
  { flowLogRetention }: NetworkArgs,
  vpc: aws.ec2.Vpc,
): void {
  const logs = new aws.cloudwatch.LogGroup(
    `${name}-flow-logs`,
    { name: `/trading/${name}/flow-logs`, retentionInDays: seconds(flowLogRetention) / 86_400 },
    { parent },
  );
  const role = new aws.iam.Role(
    `${name}-flow-logs`,
    { assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "vpc-flow-logs.amazonaws.com" }) },
    { parent },
  );
  new aws.iam.RolePolicy(
    `${name}-flow-logs`,
    {
      role: role.id,
      policy: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            Resource: pulumi.interpolate`${logs.arn}:*`,
          },
        ],
      },
    },
    { parent },
  );
  new aws.ec2.FlowLog(
    `${name}-flow-logs`,
    { vpcId: vpc.id, trafficType: "ALL", logDestination: logs.arn, iamRoleArn: role.arn },
    { parent },
  );
}
