import * as pulumi from "@pulumi/pulumi";
import { AwsResource, EksCluster, KubernetesProvider, type Role, ServiceRole } from "./eks-children";

/**
 * What the released `eks:index:Cluster` makes, for the arguments that a control plane without default nodes uses
 * (pulumi-eks nodejs/eks/cluster/cluster.ts, createCore). The children have the real logical names, so that URNs,
 * policies and diffs are those of a real deployment. Not simulated: default node groups, Fargate and Auto Mode, which
 * are refused by name.
 */
export class Cluster extends pulumi.ComponentResource {
  readonly state: pulumi.Inputs;

  /** @param known the kubeconfig of a cluster that is really there, instead of one that asks AWS for a token */
  constructor(
    name: string,
    args: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
    known?: Kubeconfig,
  ) {
    super("eks:index:Cluster", name, args, options);
    refuseUnsupported(args);
    const parent = { parent: this };
    const serviceRole = args.serviceRole === undefined ? makeServiceRole(name, args, parent) : undefined;
    const securityGroup = args.skipDefaultSecurityGroups ? undefined : makeSecurityGroup(name, args, parent);
    const cluster = makeCluster(name, args, serviceRole, securityGroup, parent);
    makeAddons(name, args, cluster, parent);
    const kubeconfig = kubeconfigOf(cluster).apply((made) => known ?? made);
    const kubeconfigJson = kubeconfig.apply((config) => JSON.stringify(config));
    const { enableConfigMapMutable } = args;
    const kubernetes = new KubernetesProvider(
      `${name}-eks-k8s`,
      { kubeconfig: kubeconfigJson, enableConfigMapMutable },
      parent,
    );
    makeAccessEntries(name, args, cluster, parent);
    const issuer = cluster.identities.apply((identities) => identities[0]?.oidcs[0]?.issuer ?? "");
    this.state = {
      eksCluster: cluster,
      kubeconfig,
      kubeconfigJson,
      core: coreData(args, cluster, kubernetes, serviceRole?.role, kubeconfig),
      clusterSecurityGroupId: cluster.vpcConfig.apply((config) => config.clusterSecurityGroupId),
      clusterSecurityGroup: securityGroup,
      nodeSecurityGroupId: cluster.vpcConfig.apply((config) => config.clusterSecurityGroupId),
      clusterIngressRuleId: "",
      defaultNodeGroupAsgName: "",
      autoModeNodeRoleName: "",
      fargateProfileId: "",
      fargateProfileStatus: "",
      instanceRoles: [],
      oidcIssuer: issuer.apply((url) => url.replace("https://", "")),
      oidcProviderArn: "",
      oidcProviderUrl: issuer,
    };
    this.registerOutputs(this.state);
  }
}

function refuseUnsupported(args: pulumi.Inputs): void {
  if (!args.skipDefaultNodeGroup) {
    throw new pulumi.InputPropertyError({
      propertyPath: "skipDefaultNodeGroup",
      reason: "the offline provider simulates the control plane only; set skipDefaultNodeGroup to true.",
    });
  }
  for (const propertyPath of [
    "autoMode",
    "fargate",
    "createOidcProvider",
    "storageClasses",
    "roleMappings",
  ]) {
    const value: unknown = args[propertyPath];
    if (value !== undefined && value !== false) {
      throw new pulumi.InputPropertyError({
        propertyPath,
        reason: "the offline provider does not simulate it.",
      });
    }
  }
}

type Parent = { readonly parent: Cluster };

function makeServiceRole(name: string, args: pulumi.Inputs, options: Parent): ServiceRole {
  return new ServiceRole(
    `${name}-eksRole`,
    {
      service: "eks.amazonaws.com",
      description: "Allows EKS to manage clusters on your behalf.",
      managedPolicies: ["arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"],
      tags: args.tags,
    },
    options,
  );
}

function makeSecurityGroup(name: string, args: pulumi.Inputs, options: Parent): AwsResource {
  const group = new AwsResource(
    "aws:ec2/securityGroup:SecurityGroup",
    `${name}-eksClusterSecurityGroup`,
    {
      vpcId: args.vpcId,
      revokeRulesOnDelete: true,
      tags: mergedTags(`${name}-eksClusterSecurityGroup`, args.clusterSecurityGroupTags, args.tags),
    },
    options,
  );
  new AwsResource(
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    `${name}-eksClusterInternetEgressRule`,
    {
      description: "Allow internet access.",
      type: "egress",
      fromPort: 0,
      toPort: 0,
      protocol: "-1",
      cidrBlocks: ["0.0.0.0/0"],
      securityGroupId: group.id,
    },
    options,
  );
  return group;
}

function makeCluster(
  name: string,
  args: pulumi.Inputs,
  serviceRole: ServiceRole | undefined,
  securityGroup: AwsResource | undefined,
  options: Parent,
): EksCluster {
  const roleArn = serviceRole
    ? serviceRole.role.arn
    : pulumi.output(args.serviceRole).apply((role) => role.arn);
  const keyArn: unknown = args.encryptionConfigKeyArn;
  return new EksCluster(
    `${name}-eksCluster`,
    {
      name: args.name,
      roleArn,
      bootstrapSelfManagedAddons: args.bootstrapSelfManagedAddons ?? true,
      kubernetesNetworkConfig: networkConfig(args),
      vpcConfig: {
        securityGroupIds: securityGroup ? [securityGroup.id] : undefined,
        subnetIds: subnetIds(args),
        endpointPrivateAccess: args.endpointPrivateAccess,
        endpointPublicAccess: args.endpointPublicAccess,
        publicAccessCidrs: args.publicAccessCidrs,
      },
      version: args.version,
      enabledClusterLogTypes: args.enabledClusterLogTypes,
      tags: mergedTags(`${name}-eksCluster`, args.clusterTags, args.tags),
      encryptionConfig: keyArn === undefined ? undefined : { provider: { keyArn }, resources: ["secrets"] },
      accessConfig: args.authenticationMode && {
        authenticationMode: args.authenticationMode,
        bootstrapClusterCreatorAdminPermissions: true,
      },
      upgradePolicy: args.upgradePolicy,
      deletionProtection: args.deletionProtection,
    },
    {
      ...options,
      ignoreChanges: ["accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons"],
      dependsOn: serviceRole ? [serviceRole.role, ...serviceRole.attachments] : [],
    },
  );
}

function networkConfig(args: pulumi.Inputs): pulumi.Inputs | undefined {
  if (!args.kubernetesServiceIpAddressRange && !args.ipFamily) {
    return undefined;
  }
  const ipFamily: unknown = args.ipFamily ?? "ipv4";
  return {
    ipFamily,
    ...(ipFamily === "ipv4" ? { serviceIpv4Cidr: args.kubernetesServiceIpAddressRange } : {}),
  };
}

function subnetIds(args: pulumi.Inputs): pulumi.Output<string[]> {
  return pulumi
    .all([
      pulumi.output(args.subnetIds),
      pulumi.output(args.publicSubnetIds),
      pulumi.output(args.privateSubnetIds),
    ])
    .apply(([all, publics, privates]): string[] => all ?? [...(publics ?? []), ...(privates ?? [])]);
}

function mergedTags(name: string, own: unknown, common: unknown): pulumi.Output<Record<string, string>> {
  return pulumi.all([pulumi.output(own), pulumi.output(common)]).apply(
    ([left, right]): Record<string, string> => ({
      Name: name,
      ...(typeof left === "object" ? left : {}),
      ...(typeof right === "object" ? right : {}),
    }),
  );
}

// The managed add-ons that the component makes unless it is told not to; the program's own add-on of the same name is
// then the second one, which AWS refuses.
function makeAddons(name: string, args: pulumi.Inputs, cluster: EksCluster, options: Parent): void {
  const addon = (addonName: string, own: pulumi.Inputs, extra: pulumi.Inputs): AwsResource =>
    new AwsResource(
      "aws:eks/addon:Addon",
      `${name}-${addonName}`,
      {
        clusterName: cluster.name,
        addonName,
        tags: args.tags,
        resolveConflictsOnCreate: own.resolveConflictsOnCreate ?? "OVERWRITE",
        resolveConflictsOnUpdate: own.resolveConflictsOnUpdate ?? "OVERWRITE",
        addonVersion: own.version ?? own.addonVersion,
        configurationValues: own.configurationValues && pulumi.jsonStringify(own.configurationValues),
        ...extra,
      },
      options,
    );
  const kubeProxy: pulumi.Inputs = args.kubeProxyAddonOptions ?? {};
  if (kubeProxy.enabled ?? true) {
    addon("kube-proxy", kubeProxy, { preserve: true });
  }
  // Documentation and code disagree on the default: the code makes the add-on whenever the argument is left out.
  if (!args.useDefaultVpcCni) {
    addon("vpc-cni", args.vpcCniOptions ?? {}, {});
  }
  const coredns: pulumi.Inputs = args.corednsAddonOptions ?? {};
  if (coredns.enabled === true || coredns.configurationValues) {
    addon("coredns", coredns, { preserve: true });
  }
}

function makeAccessEntries(name: string, args: pulumi.Inputs, cluster: EksCluster, options: Parent): void {
  const entries: Record<string, pulumi.Inputs> = args.accessEntries ?? {};
  for (const [key, { accessPolicies, username, ...entry }] of Object.entries(entries)) {
    const made = new AwsResource(
      "aws:eks/accessEntry:AccessEntry",
      `${name}-${key}`,
      { ...entry, clusterName: cluster.name, userName: username },
      { ...options, dependsOn: [cluster] },
    );
    const policies: Record<string, pulumi.Inputs> = accessPolicies ?? {};
    for (const [policyName, { accessScope, policyArn }] of Object.entries(policies)) {
      new AwsResource(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        `${name}-${key}-${policyName}`,
        { accessScope, policyArn, principalArn: entry.principalArn, clusterName: cluster.name },
        { parent: made, dependsOn: [made] },
      );
    }
  }
}

/** A kubeconfig file's content. */
export type Kubeconfig = Record<string, unknown>;

// The form that nodejs/eks/cluster/cluster.ts generateKubeconfig gives it: no token, the AWS CLI signs each request.
function kubeconfigOf(cluster: EksCluster): pulumi.Output<Kubeconfig> {
  return pulumi.all([cluster.name, cluster.endpoint, cluster.certificateAuthority, cluster.arn]).apply(
    ([clusterName, server, authority, arn]): Kubeconfig => ({
      apiVersion: "v1",
      clusters: [{ cluster: { server, "certificate-authority-data": authority.data }, name: "kubernetes" }],
      contexts: [{ context: { cluster: "kubernetes", user: "aws" }, name: "aws" }],
      "current-context": "aws",
      kind: "Config",
      users: [
        {
          name: "aws",
          user: {
            exec: {
              apiVersion: "client.authentication.k8s.io/v1beta1",
              command: "aws",
              args: [
                "--region",
                arn.split(":")[3],
                "eks",
                "get-token",
                "--cluster-name",
                clusterName,
                "--output",
                "json",
              ],
              env: [
                {
                  name: "KUBERNETES_EXEC_INFO",
                  value: '{"apiVersion": "client.authentication.k8s.io/v1beta1"}',
                },
              ],
            },
          },
        },
      ],
    }),
  );
}

function coreData(
  args: pulumi.Inputs,
  cluster: EksCluster,
  provider: KubernetesProvider,
  clusterIamRole: Role | undefined,
  kubeconfig: pulumi.Output<Kubeconfig>,
): pulumi.Inputs {
  return {
    cluster,
    vpcId: args.vpcId,
    subnetIds: subnetIds(args),
    publicSubnetIds: args.publicSubnetIds,
    privateSubnetIds: args.privateSubnetIds,
    endpoint: cluster.endpoint,
    provider,
    kubeconfig,
    clusterIamRole: clusterIamRole ?? args.serviceRole,
    instanceRoles: [],
    nodeGroupOptions: {},
    tags: args.tags,
    autoModeNodeRoleName: "",
  };
}
