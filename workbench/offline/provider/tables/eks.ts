import type { AwsType, ModelContext } from "../aws-type";
import { alphanumeric, hex, uuid } from "../identity";
import { at, isProperties, type Properties } from "../values";
import { arn, ec2Id, input, joined, nameFrom, rules } from "./shared";

const CREATED = "2026-01-01T00:00:00Z";

/** Control plane, node groups and what is attached to them. */
export const EKS: Readonly<Record<string, AwsType>> = {
  "aws:eks/cluster:Cluster": {
    autoname: { field: "name" },
    rules: rules("eks/cluster.go resourceCluster", {
      replaces: [
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        "bootstrapSelfManagedAddons",
        "computeConfig.nodeRoleArn",
        // ForceNewIfChange only for its removal; another key for a key that is set is refused by the EKS API.
        "encryptionConfig",
        "kubernetesNetworkConfig.ipFamily",
        "kubernetesNetworkConfig.serviceIpv4Cidr",
        "name",
        "outpostConfig",
        "remoteNetworkConfig",
        "roleArn",
      ],
      addable: ["encryptionConfig"],
      updates: [
        "accessConfig",
        "computeConfig",
        "controlPlaneScalingConfig",
        "defaultAddonsToRemoves",
        "deletionProtection",
        "enabledClusterLogTypes",
        "forceUpdateVersion",
        "kubernetesNetworkConfig",
        "storageConfig",
        "upgradePolicy",
        "version",
        "vpcConfig",
        "zonalShiftConfig",
      ],
      // resourceClusterUpdate reads the platform version anew after a version change.
      computedOnUpdate: [{ output: "platformVersion", when: ["version"] }],
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
    rules: rules("eks/node_group.go resourceNodeGroup", {
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
    rules: rules("eks/addon.go resourceAddon", {
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
      // resourceAddonRead runs after every update.
      computedOnUpdate: [],
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
    rules: rules("eks/pod_identity_association.go podIdentityAssociationResource", {
      replaces: ["clusterName", "namespace", "serviceAccount"],
      updates: ["disableSessionTags", "policy", "roleArn", "targetRoleArn"],
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
    rules: rules("eks/access_entry.go resourceAccessEntry", {
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
    rules: rules("eks/access_policy_association.go resourceAccessPolicyAssociation", {
      replaces: ["accessScope", "clusterName", "policyArn", "principalArn"],
      updates: [],
    }),
    model: (context) => {
      const { id } = joined("#", "clusterName", "principalArn", "policyArn")(context);
      return { id, outputs: { associatedAt: CREATED, modifiedAt: CREATED } };
    },
  },
};

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
