import type { AwsType, ModelContext } from "../aws-type";
import { alphanumeric, hex, uuid } from "../identity";
import { at, isProperties, isUnknown, type Properties, text } from "../values";
import { arn, ec2Id, input, joined, nameFrom, read, rules } from "./shared";

const CREATED = "2026-01-01T00:00:00Z";

const CLUSTER = read(
  "eks/cluster.go",
  "57-64, 72 to the Schema's end, validateAutoModeComputeConfigCustomizeDiff",
  "2026, 57,712 characters",
);

/** Control plane, node groups and what is attached to them. */
export const EKS: Readonly<Record<string, AwsType>> = {
  "aws:eks/cluster:Cluster": {
    autoname: { field: "name" },
    rules: rules(CLUSTER, {
      replaces: [
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        "bootstrapSelfManagedAddons",
        "computeConfig.nodeRoleArn",
        "encryptionConfig",
        "kubernetesNetworkConfig.ipFamily",
        "kubernetesNetworkConfig.serviceIpv4Cidr",
        "name",
        "outpostConfig.controlPlaneInstanceType",
        "outpostConfig.controlPlanePlacement",
        "roleArn",
      ],
      inPlaceWhen: [
        // Lines 60-63 make a new cluster for the removal of the block only. Another key is planned as an update too, of
        // which resourceClusterUpdate then sends nothing: it associates a key where there was none.
        { field: "encryptionConfig", when: (_, news) => news.encryptionConfig !== undefined },
        { field: "computeConfig.nodeRoleArn", when: keepsNodeRole },
      ],
      updates: [
        "accessConfig",
        "computeConfig",
        "controlPlaneScalingConfig",
        "deletionProtection",
        "enabledClusterLogTypes",
        "forceUpdateVersion",
        "kubernetesNetworkConfig",
        "outpostConfig",
        "remoteNetworkConfig",
        "storageConfig",
        "upgradePolicy",
        "version",
        "vpcConfig",
        "zonalShiftConfig",
      ],
      // defaultAddonsToRemoves is pulumi-aws's own addition to the provider; only its use at creation was found.
      unread: [
        "defaultAddonsToRemoves",
        "kubeApiServerConfig",
        "kubeControllerManagerConfig",
        "kubeSchedulerConfig",
      ],
      // No output is marked as unknown (57-64): a preview of a new version still shows the old platform version.
      computedOnUpdate: [],
    }),
    model: cluster,
    unique: (inputs) => ({
      identity: input(inputs, "name"),
      refusal: `creating EKS Cluster (${input(inputs, "name")}): ResourceInUseException: Cluster already exists with name: ${input(inputs, "name")}`,
    }),
    refuseDelete: (outputs) =>
      outputs.deletionProtection === true
        ? `deleting EKS Cluster (${input(outputs, "name")}): InvalidRequestException: Deletion protection is enabled for the cluster. Set deletionProtection to false first.`
        : undefined,
  },
  "aws:eks/nodeGroup:NodeGroup": {
    autoname: { field: "nodeGroupName", unless: ["nodeGroupNamePrefix"] },
    // warm_pool_config is younger than this copy. That it changes in place is what the installed SDK's documentation of
    // the argument says (@pulumi/aws 7.48.0 eks/nodeGroup.d.ts:496-499): removing it removes the pool.
    rules: rules(read("eks/node_group.go", "56-314", "commit 012e0a32f068"), {
      replaces: [
        "amiType",
        "capacityType",
        "clusterName",
        "diskSize",
        "instanceTypes",
        "launchTemplate.id",
        "launchTemplate.name",
        "nodeGroupName",
        "nodeGroupNamePrefix",
        "nodeRoleArn",
        "remoteAccess",
        "subnetIds",
      ],
      updates: [
        "forceUpdateVersion",
        "labels",
        "launchTemplate.version",
        "nodeRepairConfig",
        "releaseVersion",
        "scalingConfig",
        "taints",
        "updateConfig",
        "version",
        "warmPoolConfig",
      ],
    }),
    model: nodeGroup,
    unique: (inputs) => {
      const [group, clusterName] = [input(inputs, "nodeGroupName"), input(inputs, "clusterName")];
      const refusal = `creating EKS Node Group (${clusterName}:${group}): ResourceInUseException: NodeGroup already exists with name ${group} and cluster name ${clusterName}`;
      return group === "" ? undefined : { identity: `${clusterName}:${group}`, refusal };
    },
  },
  "aws:eks/addon:Addon": {
    rules: rules(read("eks/addon.go", "63-161", "6.40 or later, 21,837 characters"), {
      replaces: ["addonName", "clusterName", "namespaceConfig"],
      updates: [
        "addonVersion",
        "configurationValues",
        "podIdentityAssociations",
        "preserve",
        "resolveConflictsOnCreate",
        "resolveConflictsOnUpdate",
        "serviceAccountRoleArn",
      ],
    }),
    model: (context) => {
      const { inputs, seed } = context;
      const [clusterName, addonName] = [input(inputs, "clusterName"), input(inputs, "addonName")];
      const outputs = {
        arn: arn("eks", context, `addon/${clusterName}/${addonName}/${uuid(seed)}`),
        createdAt: CREATED,
        modifiedAt: CREATED,
        // Left out, the newest version is taken: a made-up one here, which no table claims to know.
        addonVersion: "v0.0.0-offline.1",
        configurationValues: "",
      };
      return { id: `${clusterName}:${addonName}`, outputs: { ...outputs, ...given(inputs, outputs) } };
    },
    unique: (inputs) => {
      const identity = `${input(inputs, "clusterName")}:${input(inputs, "addonName")}`;
      return {
        identity,
        refusal: `creating EKS Add-On (${identity}): ResourceInUseException: Addon already exists.`,
      };
    },
  },
  "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
    rules: rules(read("eks/pod_identity_association.go", "65-115", "commit 00a35305dc1b"), {
      replaces: ["clusterName", "namespace", "serviceAccount"],
      updates: ["disableSessionTags", "roleArn", "targetRoleArn"],
      unread: ["policy"],
      // A framework resource: a computed attribute without UseStateForUnknown (89-91) is unknown in every update.
      computedOnUpdate: [{ output: "externalId", when: ["*"] }],
    }),
    model: (context) => {
      const { inputs, seed } = context;
      const id = `a-${hex(seed, 17)}`;
      const clusterName = input(inputs, "clusterName");
      const associationArn = arn("eks", context, `podidentityassociation/${clusterName}/${id}`);
      return { id, outputs: { associationArn, associationId: id, externalId: "" } };
    },
    unique: (inputs) => {
      const [name, namespace, account] = ["clusterName", "namespace", "serviceAccount"].map((key) =>
        input(inputs, key),
      );
      const identity = `${name}/${namespace}/${account}`;
      const refusal = `creating EKS Pod Identity Association (${identity}): ResourceInUseException: Association already exists.`;
      return { identity, refusal };
    },
  },
  "aws:eks/accessEntry:AccessEntry": {
    rules: rules(read("eks/access_entry.go", "48-95", "commit 01f431114674"), {
      replaces: ["clusterName", "principalArn", "type"],
      updates: ["kubernetesGroups", "userName"],
    }),
    model: (context) => {
      const { inputs, seed } = context;
      const [clusterName, principal] = [input(inputs, "clusterName"), input(inputs, "principalArn")];
      const accessEntryArn = arn("eks", context, `access-entry/${clusterName}/${uuid(seed)}`);
      const outputs = {
        accessEntryArn,
        createdAt: CREATED,
        modifiedAt: CREATED,
        userName: principal,
        type: "STANDARD",
      };
      return { id: `${clusterName}:${principal}`, outputs: { ...outputs, ...given(inputs, outputs) } };
    },
  },
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
    // The resource has no Update function at all (lines 32-34).
    rules: rules(
      read("eks/access_policy_association.go", "45-96", "commit 01f431114674"),
      { replaces: ["accessScope", "clusterName", "policyArn", "principalArn"], updates: [] },
      ["region"],
    ),
    model: (context) => {
      const { id } = joined("#", "clusterName", "principalArn", "policyArn")(context);
      return { id, outputs: { associatedAt: CREATED, modifiedAt: CREATED } };
    },
  },
};

// validateAutoModeComputeConfigCustomizeDiff: a role may be added, and taken away together with what needs it.
function keepsNodeRole(olds: Properties, news: Properties): boolean {
  const [before, after] = [at(olds, "computeConfig"), at(news, "computeConfig")];
  if (!isProperties(before) || !isProperties(after)) {
    return !isUnknown(before) && !isUnknown(after);
  }
  const pools = after.nodePools;
  const unneeded = after.enabled !== true || (Array.isArray(pools) ? pools.length === 0 : !isUnknown(pools));
  const unset = after.nodeRoleArn === undefined || after.nodeRoleArn === "";
  return (text(before, "nodeRoleArn") ?? "") === "" || (unset && unneeded);
}

function cluster(context: ModelContext): { readonly id: string; readonly outputs: Properties } {
  const { inputs, region, seed } = context;
  const name = input(inputs, "name");
  const issuer = alphanumeric(seed, 32);
  const network = isProperties(inputs.kubernetesNetworkConfig) ? inputs.kubernetesNetworkConfig : {};
  const vpcConfig = isProperties(inputs.vpcConfig) ? inputs.vpcConfig : {};
  return {
    id: name,
    outputs: {
      arn: arn("eks", context, `cluster/${name}`),
      clusterId: "",
      certificateAuthority: { data: Buffer.from(`offline certificate ${hex(seed, 16)}`).toString("base64") },
      certificateAuthorities: [],
      createdAt: CREATED,
      endpoint: `https://${hex(seed, 32).toUpperCase()}.gr7.${region}.eks.amazonaws.com`,
      identities: [{ oidcs: [{ issuer: `https://oidc.eks.${region}.amazonaws.com/id/${issuer}` }] }],
      kubernetesNetworkConfig: { ipFamily: "ipv4", serviceIpv4Cidr: "172.20.0.0/16", ...network },
      platformVersion: "eks.1",
      status: "ACTIVE",
      version: inputs.version ?? "1.35",
      vpcConfig: { ...vpcConfig, clusterSecurityGroupId: ec2Id("sg", context), vpcId: ec2Id("vpc", context) },
    },
  };
}

function nodeGroup(context: ModelContext): { readonly id: string; readonly outputs: Properties } {
  const { inputs, seed } = context;
  const clusterName = input(inputs, "clusterName");
  const nodeGroupName = nameFrom(context, "nodeGroupName", "nodeGroupNamePrefix");
  const template = at(inputs, "launchTemplate");
  return {
    id: `${clusterName}:${nodeGroupName}`,
    outputs: {
      arn: arn("eks", context, `nodegroup/${clusterName}/${nodeGroupName}/${uuid(seed)}`),
      nodeGroupName,
      nodeGroupNamePrefix: input(inputs, "nodeGroupNamePrefix"),
      amiType: inputs.amiType ?? "CUSTOM",
      capacityType: inputs.capacityType ?? "ON_DEMAND",
      diskSize: inputs.diskSize ?? (isProperties(template) ? 0 : 20),
      instanceTypes: inputs.instanceTypes ?? [],
      releaseVersion: inputs.releaseVersion ?? "",
      version: inputs.version ?? "1.35",
      resources: [
        {
          autoscalingGroups: [{ name: `eks-${nodeGroupName}-${uuid(seed)}` }],
          remoteAccessSecurityGroupId: "",
        },
      ],
      status: "ACTIVE",
    },
  };
}

function given(inputs: Properties, outputs: Properties): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key in outputs));
}
