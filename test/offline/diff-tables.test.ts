import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type ChangeRules,
  computedOutputs,
  diffInputs,
  effectOf,
} from "../../workbench/offline/provider/diff";
import { rulesFor } from "../../workbench/offline/provider/kubernetes-package";
import { AWS_TYPES } from "../../workbench/offline/provider/tables/index";
import { type Properties, UNKNOWN } from "../../workbench/offline/provider/values";

/** The AWS types that the program registers, itself or through the eks component. */
const REGISTERED = [
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:dlm/lifecyclePolicy:LifecyclePolicy",
  "aws:ec2/eip:Eip",
  "aws:ec2/flowLog:FlowLog",
  "aws:ec2/internetGateway:InternetGateway",
  "aws:ec2/launchTemplate:LaunchTemplate",
  "aws:ec2/natGateway:NatGateway",
  "aws:ec2/placementGroup:PlacementGroup",
  "aws:ec2/route:Route",
  "aws:ec2/routeTable:RouteTable",
  "aws:ec2/routeTableAssociation:RouteTableAssociation",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ec2/securityGroupRule:SecurityGroupRule",
  "aws:ec2/subnet:Subnet",
  "aws:ec2/vpc:Vpc",
  "aws:ec2/vpcEndpoint:VpcEndpoint",
  "aws:ecr/lifecyclePolicy:LifecyclePolicy",
  "aws:ecr/repository:Repository",
  "aws:eks/accessEntry:AccessEntry",
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
  "aws:eks/addon:Addon",
  "aws:eks/cluster:Cluster",
  "aws:eks/nodeGroup:NodeGroup",
  "aws:eks/podIdentityAssociation:PodIdentityAssociation",
  "aws:iam/role:Role",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  "aws:kms/alias:Alias",
  "aws:kms/key:Key",
];

/** What the provider's source says, line by line; the copy that the lines belong to is the one in the type's `source`. */
const AWS_FACTS: readonly (readonly [type: string, path: string, effect: string, line: string])[] = [
  ["aws:ec2/vpc:Vpc", "cidrBlock", "replace", "ec2/vpc_.go:75-82 ForceNew"],
  ["aws:ec2/vpc:Vpc", "enableDnsSupport", "update", "ec2/vpc_.go:104-108"],
  ["aws:ec2/subnet:Subnet", "customerOwnedIpv4Pool", "update", "ec2/vpc_subnet.go:96-100"],
  ["aws:ec2/subnet:Subnet", "ipv6Native", "replace", "ec2/vpc_subnet.go:130-135 ForceNew"],
  ["aws:ec2/internetGateway:InternetGateway", "vpcId", "update", "ec2/vpc_internet_gateway.go:50-54"],
  ["aws:ec2/routeTable:RouteTable", "routes.natGatewayId", "update", "ec2/vpc_route_table.go:78-148"],
  ["aws:ec2/route:Route", "natGatewayId", "update", "ec2/vpc_route.go:133-137"],
  ["aws:ec2/route:Route", "destinationCidrBlock", "replace", "ec2/vpc_route.go:74-80 ForceNew"],
  ["aws:ec2/routeTableAssociation:RouteTableAssociation", "routeTableId", "update", "…association.go:36-39"],
  ["aws:ec2/eip:Eip", "customerOwnedIpv4Pool", "update", "ec2/ec2_eip.go:80-83"],
  ["aws:ec2/eip:Eip", "domain", "replace", "ec2/ec2_eip.go:84-90 ForceNew"],
  ["aws:ec2/natGateway:NatGateway", "secondaryPrivateIpAddressCount", "replace", "…CustomizeDiff ForceNew"],
  ["aws:ec2/natGateway:NatGateway", "secondaryAllocationIds", "update", "ec2/vpc_nat_gateway.go:174-179"],
  [
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "dnsOptions.privateDnsPreference",
    "replace",
    "ec2/vpc_endpoint.go:106-112",
  ],
  ["aws:ec2/vpcEndpoint:VpcEndpoint", "dnsOptions.dnsRecordIpType", "update", "ec2/vpc_endpoint.go:96-101"],
  ["aws:ec2/flowLog:FlowLog", "regionalNatGatewayId", "replace", "ec2/vpc_flow_log.go:125-130 ForceNew"],
  [
    "aws:ec2/placementGroup:PlacementGroup",
    "strategy",
    "replace",
    "ec2/ec2_placement_group.go:71-76 ForceNew",
  ],
  [
    "aws:ec2/securityGroup:SecurityGroup",
    "description",
    "replace",
    "ec2/vpc_security_group.go:66-72 ForceNew",
  ],
  ["aws:cloudwatch/logGroup:LogGroup", "retentionInDays", "update", "logs/group.go:81-97"],
  ["aws:cloudwatch/logGroup:LogGroup", "logGroupClass", "replace", "logs/group.go:58-64 ForceNew"],
  ["aws:iam/role:Role", "path", "replace", "iam/role.go:187-193 ForceNew"],
  ["aws:iam/rolePolicy:RolePolicy", "policy", "update", "iam/role_policy.go:61-71"],
  ["aws:kms/key:Key", "keyUsage", "replace", "kms/key.go:101-107 ForceNew"],
  ["aws:kms/alias:Alias", "targetKeyId", "update", "kms/alias.go:58-62"],
  ["aws:eks/cluster:Cluster", "roleArn", "replace", "eks/cluster.go:387-392 ForceNew"],
  ["aws:eks/cluster:Cluster", "remoteNetworkConfig", "update", "eks/cluster.go:334-386, nothing is ForceNew"],
  ["aws:eks/cluster:Cluster", "outpostConfig.outpostArns", "update", "eks/cluster.go:319-326"],
  ["aws:eks/addon:Addon", "namespaceConfig.namespace", "replace", "eks/addon.go:102-119 ForceNew"],
  ["aws:eks/nodeGroup:NodeGroup", "subnetIds", "replace", "eks/node_group.go:248-254 ForceNew"],
  ["aws:eks/accessEntry:AccessEntry", "type", "replace", "eks/access_entry.go:83-89 ForceNew"],
  [
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "serviceAccount",
    "replace",
    "eks/pod_identity_association.go:103-108 RequiresReplace",
  ],
  ["aws:dlm/lifecyclePolicy:LifecyclePolicy", "defaultPolicy", "update", "dlm/lifecycle_policy.go:55-59"],
  ["aws:dlm/lifecyclePolicy:LifecyclePolicy", "policyDetails.policyType", "update", "not ForceNew"],
  ["aws:dlm/lifecyclePolicy:LifecyclePolicy", "policyDetails.schedules.copyTags", "replace", "ForceNew"],
  [
    "aws:ecr/repository:Repository",
    "encryptionConfigurations.kmsKey",
    "replace",
    "ecr/repository.go:70-75, 79",
  ],
  ["aws:ecr/lifecyclePolicy:LifecyclePolicy", "policy", "replace", "ecr/lifecycle_policy.go:43-54 ForceNew"],
];

const KUBERNETES_FACTS: readonly (readonly [type: string, path: string, effect: string, line: string])[] = [
  ["apps/v1:DaemonSet", "spec.selector.matchLabels.app", "replace", "diff.go:54, 164-169"],
  ["apps/v1:StatefulSet", "spec.revisionHistoryLimit", "replace", "diff.go:199"],
  ["core/v1:PersistentVolumeClaim", "spec.resources.requests.storage", "update", "not in diff.go:111-118"],
  ["core/v1:PersistentVolumeClaim", "spec.storageClassName", "replace", "diff.go:115"],
  ["policy/v1:PodDisruptionBudget", "spec.maxUnavailable", "update", "diff.go:62-64 name v1beta1 only"],
  ["storage.k8s.io/v1:VolumeAttributesClass", "parameters", "refuse", "ValidateVolumeAttributesClassUpdate"],
  ["scheduling.k8s.io/v1:PriorityClass", "value", "refuse", "ValidatePriorityClassUpdate"],
];

function rulesOf(type: string): ChangeRules {
  return (AWS_TYPES[type] ?? assert.fail(`${type} is not in the tables`)).rules;
}

function effects(type: string, olds: Properties, news: Properties): readonly string[] {
  return [...new Set(diffInputs(rulesOf(type), olds, news).map(({ effect }) => effect))];
}

/** The argument names that the installed SDK declares for a type, e.g. those of `VpcArgs` in `ec2/vpc.d.ts`. */
function argumentsOf(type: string): readonly string[] {
  const [, file = "", name = ""] = type.split(":");
  const root = dirname(require.resolve("@pulumi/aws/package.json"));
  const declarations = readFileSync(join(root, `${file}.d.ts`), "utf8");
  const [, body = ""] = declarations.split(`export interface ${name}Args {`);
  return [...(body.split("\n}")[0]?.matchAll(/^ {4}(\w+)\??: /gm) ?? [])].map(
    ([, argument = ""]) => argument,
  );
}

describe("tables against the providers' sources", () => {
  for (const [type, path, effect, line] of AWS_FACTS) {
    it(`${effect}s ${type} for ${path}: ${line}`, () =>
      assert.equal(effectOf(rulesOf(type), path).effect, effect));
  }
  for (const [type, path, effect, line] of KUBERNETES_FACTS) {
    it(`${effect}s ${type} for ${path}: ${line}`, () =>
      assert.equal(effectOf(rulesFor(`kubernetes:${type}`, {}), path).effect, effect));
  }

  for (const type of REGISTERED) {
    it(`knows every argument of ${type}, and no other`, () => {
      const { source, updates, replaces, unread = [] } = rulesOf(type);
      assert.match(source, /^hashicorp\/terraform-provider-aws internal\/service\/\w+\/\w+\.go:.+ \(.+\)$/);
      const listed = new Set([...updates, ...replaces, ...unread].map((path) => path.split(".")[0] ?? ""));
      assert.deepEqual([...listed].sort(), [...argumentsOf(type)].sort());
      for (const field of unread) {
        assert.deepEqual(effectOf(rulesOf(type), field), { effect: "replace", listed: false }, field);
      }
    });
  }

  it("marks every other type as written from memory", () => {
    for (const [type, { rules }] of Object.entries(AWS_TYPES)) {
      assert.equal(rules.source.startsWith("from memory: "), !REGISTERED.includes(type), type);
    }
  });
});

describe("what the values of a change decide", () => {
  const cluster = "aws:eks/cluster:Cluster";
  const endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint";
  const gateway = "aws:ec2/natGateway:NatGateway";

  // eks/cluster.go:60-63
  it("makes a new cluster for the removal of its encryption, not for another key", () => {
    const encrypted = (keyArn: string) => ({ encryptionConfig: { provider: { keyArn } } });
    assert.deepEqual(effects(cluster, {}, encrypted("a")), ["update"]);
    assert.deepEqual(effects(cluster, encrypted("a"), encrypted("b")), ["update"]);
    assert.deepEqual(effects(cluster, encrypted("a"), {}), ["replace"]);
  });

  // eks/cluster.go validateAutoModeComputeConfigCustomizeDiff
  it("makes a new cluster for another node role of Auto Mode, not for the first or the last", () => {
    const role = (nodeRoleArn: string, enabled = true) => ({ computeConfig: { enabled, nodeRoleArn } });
    const auto = { computeConfig: { enabled: true, nodePools: ["system"] } };
    assert.deepEqual(effects(cluster, role("a"), role("b")), ["replace"]);
    assert.deepEqual(effects(cluster, auto, { computeConfig: { ...auto.computeConfig, nodeRoleArn: "a" } }), [
      "update",
    ]);
    assert.deepEqual(effects(cluster, role("a", false), { computeConfig: { enabled: false } }), ["update"]);
    assert.deepEqual(effects(cluster, { computeConfig: { ...auto.computeConfig, nodeRoleArn: "a" } }, auto), [
      "replace",
    ]);
    assert.deepEqual(effects(cluster, role("a"), { computeConfig: UNKNOWN }), ["replace"]);
  });

  // ec2/vpc_endpoint.go:244-253
  it("switches private DNS in place on interface endpoints only", () => {
    const dns = (vpcEndpointType: string, privateDnsEnabled: boolean) => ({
      vpcEndpointType,
      privateDnsEnabled,
    });
    assert.deepEqual(effects(endpoint, dns("Interface", true), dns("Interface", false)), ["update"]);
    assert.deepEqual(effects(endpoint, dns("Gateway", true), dns("Gateway", false)), ["replace"]);
  });

  // ec2/vpc_.go resourceVPCCustomizeDiff
  it("gives up dedicated tenancy in place, and takes it with a new network", () => {
    const tenancy = (instanceTenancy: string) => ({ instanceTenancy });
    assert.deepEqual(effects("aws:ec2/vpc:Vpc", tenancy("dedicated"), tenancy("default")), ["update"]);
    assert.deepEqual(effects("aws:ec2/vpc:Vpc", tenancy("default"), tenancy("dedicated")), ["replace"]);
  });

  // ec2/vpc_nat_gateway.go validateRegionalNATGatewayAvailabilityZoneAddress
  it("makes a new regional NAT gateway between automatic and manual addresses only", () => {
    const zones = (...zones: readonly string[]) => ({
      availabilityZoneAddresses: zones.map((availabilityZone) => ({ availabilityZone })),
    });
    assert.deepEqual(effects(gateway, zones("a"), zones("a", "b")), ["update"]);
    assert.deepEqual(effects(gateway, {}, zones("a")), ["replace"]);
    assert.deepEqual(effects(gateway, zones("a"), {}), ["replace"]);
    assert.deepEqual(effects(gateway, zones("a"), { availabilityZoneAddresses: UNKNOWN }), ["replace"]);
  });

  const outputs = (type: string, olds: Properties, news: Properties) =>
    computedOutputs(rulesOf(type), diffInputs(rulesOf(type), olds, news), news);

  it("makes unknown what the provider marks as unknown, and nothing else", () => {
    // ec2/vpc_endpoint.go:254-264
    assert.deepEqual(outputs(endpoint, { subnetIds: ["a"] }, { subnetIds: ["b"] }), [
      "networkInterfaceIds",
      "subnetConfigurations",
    ]);
    // eks/cluster.go:57-64 marks no output.
    assert.deepEqual(outputs(cluster, { version: "1.34" }, { version: "1.35" }), []);
    // eks/pod_identity_association.go:89-91, without UseStateForUnknown
    const association = "aws:eks/podIdentityAssociation:PodIdentityAssociation";
    assert.deepEqual(outputs(association, { roleArn: "a" }, { roleArn: "b" }), ["externalId"]);
    // ec2/ec2_launch_template.go CustomizeDiff: turning the following on is itself such a change.
    const template = "aws:ec2/launchTemplate:LaunchTemplate";
    assert.deepEqual(outputs(template, {}, { updateDefaultVersion: true }), ["defaultVersion"]);
  });
});
