import type { AwsType } from "../aws-type";
import { documentationAddress, hex, number } from "../identity";
import { arn, ec2Id, ec2Object, input, nameFrom, rules } from "./shared";

const SUBNET_UPDATES = [
  "assignIpv6AddressOnCreation",
  "enableDns64",
  "enableLniAtDeviceIndex",
  "enableResourceNameDnsARecordOnLaunch",
  "enableResourceNameDnsAaaaRecordOnLaunch",
  "ipv6CidrBlock",
  "mapCustomerOwnedIpOnLaunch",
  "mapPublicIpOnLaunch",
  "privateDnsHostnameTypeOnLaunch",
];

const ROUTE_TARGETS = [
  "carrierGatewayId",
  "coreNetworkArn",
  "egressOnlyGatewayId",
  "gatewayId",
  "localGatewayId",
  "natGatewayId",
  "networkInterfaceId",
  "transitGatewayId",
  "vpcEndpointId",
  "vpcPeeringConnectionId",
];

/** Networks, addresses and routes. */
export const NETWORK: Readonly<Record<string, AwsType>> = {
  "aws:ec2/vpc:Vpc": {
    rules: rules("ec2/vpc_.go resourceVPC", {
      // instance_tenancy: resourceVPCCustomizeDiff forces a new VPC for default → dedicated.
      replaces: ["cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"],
      updates: [
        "assignGeneratedIpv6CidrBlock",
        "enableDnsHostnames",
        "enableDnsSupport",
        "enableNetworkAddressUsageMetrics",
        "ipv6CidrBlock",
        "ipv6CidrBlockNetworkBorderGroup",
        "ipv6IpamPoolId",
        "ipv6NetmaskLength",
      ],
    }),
    model: ec2Object("vpc", "vpc", (context) => ({
      defaultSecurityGroupId: ec2Id("sg", context),
      defaultNetworkAclId: ec2Id("acl", context),
      defaultRouteTableId: ec2Id("rtb", context),
      mainRouteTableId: ec2Id("rtb", context),
      dhcpOptionsId: ec2Id("dopt", context),
      ipv6AssociationId: "",
    })),
  },
  "aws:ec2/subnet:Subnet": {
    rules: rules("ec2/vpc_subnet.go resourceSubnet", {
      replaces: ["availabilityZone", "availabilityZoneId", "cidrBlock", "ipv6Native", "outpostArn", "vpcId"],
      updates: SUBNET_UPDATES,
    }),
    model: ec2Object("subnet", "subnet", ({ inputs }) => {
      const zone = input(inputs, "availabilityZone");
      return { availabilityZoneId: zoneId(zone), ipv6CidrBlockAssociationId: "" };
    }),
  },
  "aws:ec2/internetGateway:InternetGateway": {
    rules: rules("ec2/vpc_internet_gateway.go resourceInternetGateway", { replaces: [], updates: ["vpcId"] }),
    model: ec2Object("igw", "internet-gateway"),
  },
  "aws:ec2/eip:Eip": {
    rules: rules("ec2/ec2_eip.go resourceEIP", {
      replaces: [
        "address",
        "customerOwnedIpv4Pool",
        "domain",
        "ipamPoolId",
        "networkBorderGroup",
        "publicIpv4Pool",
        "vpc",
      ],
      updates: ["associateWithPrivateIp", "instance", "networkInterface"],
    }),
    model: ec2Object("eipalloc", "elastic-ip", ({ seed, region }, id) => {
      const publicIp = documentationAddress(seed);
      const dns = publicIp.replaceAll(".", "-");
      return {
        allocationId: id,
        publicIp,
        publicDns: `ec2-${dns}.${region}.compute.amazonaws.com`,
        associationId: "",
      };
    }),
  },
  "aws:ec2/natGateway:NatGateway": {
    rules: rules("ec2/vpc_nat_gateway.go resourceNATGateway", {
      replaces: ["allocationId", "availabilityMode", "connectivityType", "privateIp", "subnetId", "vpcId"],
      updates: [
        "availabilityZoneAddresses",
        "secondaryAllocationIds",
        "secondaryPrivateIpAddressCount",
        "secondaryPrivateIpAddresses",
      ],
    }),
    model: ec2Object("nat", "natgateway", (context) => ({
      associationId: ec2Id("eipassoc", context),
      networkInterfaceId: ec2Id("eni", context),
      publicIp: documentationAddress(input(context.inputs, "allocationId") || context.seed),
      privateIp: `10.0.0.${1 + number(context.seed, 254)}`,
    })),
  },
  "aws:ec2/routeTable:RouteTable": {
    rules: rules("ec2/vpc_route_table.go resourceRouteTable", {
      replaces: ["vpcId"],
      updates: ["propagatingVgws", "routes"],
    }),
    model: ec2Object("rtb", "route-table"),
  },
  "aws:ec2/route:Route": {
    rules: rules("ec2/vpc_route.go resourceRoute", {
      replaces: [
        "destinationCidrBlock",
        "destinationIpv6CidrBlock",
        "destinationPrefixListId",
        "routeTableId",
      ],
      updates: ROUTE_TARGETS,
    }),
    model: ({ inputs }) => {
      const table = input(inputs, "routeTableId");
      const destination = input(inputs, "destinationCidrBlock") || input(inputs, "destinationIpv6CidrBlock");
      return {
        id: `r-${table}${number(destination, 4_000_000_000)}`,
        outputs: { origin: "CreateRoute", state: "active", instanceId: "", instanceOwnerId: "" },
      };
    },
  },
  "aws:ec2/routeTableAssociation:RouteTableAssociation": {
    rules: rules("ec2/vpc_route_table_association.go resourceRouteTableAssociation", {
      replaces: ["gatewayId", "subnetId"],
      updates: ["routeTableId"],
    }),
    model: (context) => ({ id: ec2Id("rtbassoc", context), outputs: {} }),
  },
  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    rules: rules("ec2/vpc_endpoint.go resourceVPCEndpoint", {
      replaces: [
        "resourceConfigurationArn",
        "serviceName",
        "serviceNetworkArn",
        "serviceRegion",
        "vpcEndpointType",
        "vpcId",
      ],
      updates: [
        "autoAccept",
        "dnsOptions",
        "ipAddressType",
        "policy",
        "privateDnsEnabled",
        "routeTableIds",
        "securityGroupIds",
        "subnetConfigurations",
        "subnetIds",
      ],
    }),
    model: ec2Object("vpce", "vpc-endpoint", (context) => ({
      state: "available",
      prefixListId: ec2Id("pl", context),
      cidrBlocks: [],
      dnsEntries: [],
      networkInterfaceIds: [ec2Id("eni", context)],
      requesterManaged: false,
    })),
  },
  "aws:ec2/flowLog:FlowLog": {
    rules: rules("ec2/vpc_flow_log.go resourceFlowLog", {
      replaces: [
        "deliverCrossAccountRole",
        "destinationOptions",
        "eniId",
        "iamRoleArn",
        "logDestination",
        "logDestinationType",
        "logFormat",
        "maxAggregationInterval",
        "subnetId",
        "trafficType",
        "transitGatewayAttachmentId",
        "transitGatewayId",
        "vpcId",
      ],
      updates: [],
    }),
    model: ec2Object("fl", "vpc-flow-log"),
  },
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
    rules: rules("ec2/vpc_default_security_group.go resourceDefaultSecurityGroup", {
      replaces: ["vpcId"],
      updates: ["egress", "ingress", "revokeRulesOnDelete"],
    }),
    model: ec2Object("sg", "security-group", () => ({
      name: "default",
      description: "default VPC security group",
    })),
  },
  "aws:ec2/securityGroup:SecurityGroup": {
    autoname: { field: "name", unless: ["namePrefix"] },
    rules: rules("ec2/vpc_security_group.go resourceSecurityGroup", {
      replaces: ["description", "name", "namePrefix", "vpcId"],
      updates: ["egress", "ingress", "revokeRulesOnDelete"],
    }),
    model: ec2Object("sg", "security-group", (context) => ({
      name: nameFrom(context),
      egress: [],
      ingress: [],
    })),
  },
  "aws:ec2/securityGroupRule:SecurityGroupRule": {
    rules: rules("ec2/vpc_security_group_rule.go resourceSecurityGroupRule", {
      replaces: [
        "cidrBlocks",
        "fromPort",
        "ipv6CidrBlocks",
        "prefixListIds",
        "protocol",
        "securityGroupId",
        "self",
        "sourceSecurityGroupId",
        "toPort",
        "type",
      ],
      updates: ["description"],
    }),
    model: (context) => ({
      id: `sgrule-${number(context.seed, 4_000_000_000)}`,
      outputs: { securityGroupRuleId: ec2Id("sgr", context), sourceSecurityGroupId: "" },
    }),
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": securityGroupRule("ingress"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": securityGroupRule("egress"),
};

// "eu-central-1b" → "euc1-az2": AWS's own short form, without its shuffling per account.
function zoneId(zone: string): string {
  const [continent = "", direction = "", last = ""] = zone.split("-");
  const letter = last.charCodeAt(last.length - 1) - 96;
  return `${continent}${direction.slice(0, 1)}${last.slice(0, -1)}-az${Number.isNaN(letter) ? 1 : letter}`;
}

function securityGroupRule(direction: "ingress" | "egress"): AwsType {
  return {
    rules: rules(`ec2/vpc_security_group_${direction}_rule.go`, {
      replaces: ["securityGroupId"],
      updates: [
        "cidrIpv4",
        "cidrIpv6",
        "description",
        "fromPort",
        "ipProtocol",
        "prefixListId",
        "referencedSecurityGroupId",
        "toPort",
      ],
    }),
    model: (context) => {
      const id = `sgr-${hex(context.seed, 17)}`;
      return {
        id,
        outputs: { arn: arn("ec2", context, `security-group-rule/${id}`), securityGroupRuleId: id },
      };
    },
  };
}
