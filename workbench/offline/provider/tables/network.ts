import type { AwsType } from "../aws-type";
import { documentationAddress, hex, number } from "../identity";
import { isUnknown, type Properties, type Value } from "../values";
import { arn, ec2Id, ec2Object, fromMemory, input, nameFrom, read, rules } from "./shared";

const SUBNET_UPDATES = [
  "assignIpv6AddressOnCreation",
  "customerOwnedIpv4Pool",
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

const NAT_GATEWAY = read(
  "ec2/vpc_nat_gateway.go",
  "53-206, resourceNATGatewayCustomizeDiff",
  "2026, 31,739 characters",
);

/** Networks, addresses and routes. */
export const NETWORK: Readonly<Record<string, AwsType>> = {
  "aws:ec2/vpc:Vpc": {
    rules: rules(read("ec2/vpc_.go", "65-175, resourceVPCCustomizeDiff", "commit 00081ce41cc6"), {
      replaces: ["cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"],
      // resourceVPCCustomizeDiff: every change of the tenancy but this one makes a new VPC.
      inPlaceWhen: [
        {
          field: "instanceTenancy",
          when: (olds, news) => olds.instanceTenancy === "dedicated" && news.instanceTenancy === "default",
        },
      ],
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
      computedOnUpdate: [
        { output: "ipv6AssociationId", when: ["assignGeneratedIpv6CidrBlock"] },
        { output: "ipv6CidrBlock", when: ["assignGeneratedIpv6CidrBlock"] },
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
    rules: rules(read("ec2/vpc_subnet.go", "66-169", "6.8 or later, 31,040 characters"), {
      replaces: ["availabilityZone", "availabilityZoneId", "cidrBlock", "ipv6Native", "outpostArn", "vpcId"],
      updates: SUBNET_UPDATES,
      unread: ["ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6IpamPoolId", "ipv6NetmaskLength"],
    }),
    model: ec2Object("subnet", "subnet", ({ inputs }) => {
      const zone = input(inputs, "availabilityZone");
      return { availabilityZoneId: zoneId(zone), ipv6CidrBlockAssociationId: "" };
    }),
  },
  "aws:ec2/internetGateway:InternetGateway": {
    rules: rules(read("ec2/vpc_internet_gateway.go", "39-55", "commit 08923b68b5ad"), {
      replaces: [],
      updates: ["vpcId"],
    }),
    model: ec2Object("igw", "internet-gateway"),
  },
  "aws:ec2/eip:Eip": {
    rules: rules(read("ec2/ec2_eip.go", "50-141", "commit 01606926a0c0"), {
      replaces: ["address", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"],
      // customer_owned_ipv4_pool (80-83) is not ForceNew, and resourceEIPUpdate sends nothing for it.
      updates: ["associateWithPrivateIp", "customerOwnedIpv4Pool", "instance", "networkInterface"],
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
    rules: rules(NAT_GATEWAY, {
      replaces: [
        "allocationId",
        "availabilityMode",
        "availabilityZoneAddresses",
        "connectivityType",
        "privateIp",
        // Only a private gateway takes a count, and resourceNATGatewayCustomizeDiff makes a new one for another.
        "secondaryPrivateIpAddressCount",
        "subnetId",
        "vpcId",
      ],
      // validateRegionalNATGatewayAvailabilityZoneAddress: a regional gateway is made anew when its addresses appear or
      // disappear as a whole, between automatic and manual mode.
      inPlaceWhen: [
        {
          field: "availabilityZoneAddresses",
          when: (olds, news) => hasAddresses(olds) === hasAddresses(news) && hasAddresses(news) !== undefined,
        },
      ],
      updates: ["secondaryAllocationIds", "secondaryPrivateIpAddresses"],
      computedOnUpdate: [
        {
          output: "secondaryPrivateIpAddressCount",
          when: ["secondaryAllocationIds", "secondaryPrivateIpAddresses"],
        },
        { output: "regionalNatGatewayAddresses", when: ["availabilityZoneAddresses"] },
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
    rules: rules(read("ec2/vpc_route_table.go", "63-156", "commit 022092419b7c"), {
      replaces: ["vpcId"],
      updates: ["propagatingVgws", "routes"],
    }),
    model: ec2Object("rtb", "route-table"),
  },
  "aws:ec2/route:Route": {
    rules: rules(
      read("ec2/vpc_route.go", "64-178", "commit 0128541e0711"),
      {
        replaces: [
          "destinationCidrBlock",
          "destinationIpv6CidrBlock",
          "destinationPrefixListId",
          "routeTableId",
        ],
        updates: ROUTE_TARGETS,
        unread: ["odbNetworkArn"],
      },
      ["region"],
    ),
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
    rules: rules(
      read("ec2/vpc_route_table_association.go", "29-46", "commit 0be71beb458a"),
      { replaces: ["gatewayId", "subnetId"], updates: ["routeTableId"] },
      ["region"],
    ),
    model: (context) => ({ id: ec2Id("rtbassoc", context), outputs: {} }),
  },
  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    rules: rules(read("ec2/vpc_endpoint.go", "58-241, 243-273", "commit 008db85aad5e"), {
      replaces: [
        "dnsOptions.privateDnsPreference",
        "dnsOptions.privateDnsSpecifiedDomains",
        "privateDnsEnabled",
        "resourceConfigurationArn",
        "serviceName",
        "serviceNetworkArn",
        "serviceRegion",
        "vpcEndpointType",
        "vpcId",
      ],
      // Lines 244-253: private DNS is switched in place on interface endpoints only.
      inPlaceWhen: [{ field: "privateDnsEnabled", when: (_, news) => news.vpcEndpointType === "Interface" }],
      updates: [
        "autoAccept",
        "dnsOptions",
        "ipAddressType",
        "policy",
        "routeTableIds",
        "securityGroupIds",
        "subnetConfigurations",
        "subnetIds",
      ],
      computedOnUpdate: [
        { output: "networkInterfaceIds", when: ["subnetConfigurations", "subnetIds"] },
        { output: "subnetConfigurations", when: ["subnetIds"] },
        { output: "subnetIds", when: ["subnetConfigurations"] },
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
    rules: rules(read("ec2/vpc_flow_log.go", "45-163", "commit 00a35305dc1b"), {
      replaces: [
        "deliverCrossAccountRole",
        "destinationOptions",
        "eniId",
        "iamRoleArn",
        "logDestination",
        "logDestinationType",
        "logFormat",
        "maxAggregationInterval",
        "regionalNatGatewayId",
        "subnetId",
        "trafficType",
        "transitGatewayAttachmentId",
        "transitGatewayId",
        "vpcId",
      ],
      updates: [],
      unread: ["tagFieldSpecifications"],
    }),
    model: ec2Object("fl", "vpc-flow-log"),
  },
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
    rules: rules(fromMemory("ec2/vpc_default_security_group.go"), {
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
    rules: rules(read("ec2/vpc_security_group.go", "61-114", "commit 01606926a0c0"), {
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
    rules: rules(
      read("ec2/vpc_security_group_rule.go", "45-146", "commit 0d90774d0fdd"),
      {
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
      },
      ["region"],
    ),
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

// Whether a NAT gateway's addresses per zone are given; undefined while that is not known.
function hasAddresses({ availabilityZoneAddresses }: Properties): boolean | undefined {
  const given: Value | undefined = availabilityZoneAddresses;
  return isUnknown(given) ? undefined : Array.isArray(given) && given.length > 0;
}

function securityGroupRule(direction: "ingress" | "egress"): AwsType {
  return {
    rules: rules(fromMemory(`ec2/vpc_security_group_${direction}_rule.go`), {
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
