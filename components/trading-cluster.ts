import * as aws from "@pulumi/aws";
import * as eks from "@pulumi/eks";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/schema";
import { TYPES } from "./contract";
import { dependencies } from "./dependencies";
import { accountKeyPolicy, partitionOf } from "./key-policies";
import type { Network } from "./network";

export interface TradingClusterArgs extends ClusterConfig {
  clusterName: string;
  accountId: string;
  region: string;
  network: Network;
  /** Pulumi's `protect` on the control plane and its key. */
  protect: boolean;
  /** The EKS API itself refuses to delete the cluster. */
  deletionProtection: boolean;
}

/** All of them: an order that went wrong is reconstructed from the audit log. */
const LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/**
 * The control plane alone: nodes and add-ons are made in their own order, after it.
 *
 * Cost: 0.10 USD an hour. Risk: with a private endpoint Pulumi must run inside the VPC or through a VPN; the first
 * Kubernetes object fails otherwise, after some fifteen minutes.
 */
export class TradingCluster extends pulumi.ComponentResource {
  readonly clusterName: string;
  readonly kubeconfig: pulumi.Output<string>;
  /** Provider for everything inside the cluster. */
  readonly provider: kubernetes.Provider;
  readonly serviceCidr: string;
  readonly endpoint: pulumi.Output<string>;
  readonly certificateAuthority: pulumi.Output<string>;

  constructor(name: string, args: TradingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const { clusterName, version, endpoint, protect, deletionProtection } = args;
    super(TYPES.cluster, name, { clusterName, version, endpoint, protect, deletionProtection }, opts);
    sayReachability(this, args);
    const secretsKey = createSecretsKey(this, name, args);
    const cluster = createControlPlane(this, name, args, secretsKey, dependencies(opts));
    this.clusterName = clusterName;
    this.kubeconfig = pulumi.secret(cluster.kubeconfigJson);
    this.provider = createProvider(this, name, cluster);
    this.serviceCidr = args.serviceCidr;
    this.endpoint = cluster.eksCluster.endpoint;
    this.certificateAuthority = cluster.eksCluster.certificateAuthority.data;
    this.registerOutputs({ clusterName: this.clusterName, kubeconfig: this.kubeconfig });
  }
}

/** Said before the first resource: that the API cannot be reached shows a quarter of an hour later otherwise. */
function sayReachability(parent: TradingCluster, { clusterName, endpoint }: TradingClusterArgs): void {
  const from =
    endpoint === "private"
      ? "only from inside its VPC, so Pulumi must run there or through a VPN"
      : `from ${endpoint.publicCidrs.join(", ")}, so Pulumi must run in one of these ranges`;
  void pulumi.log.info(`The API of ${clusterName} can be reached ${from}.`, parent);
}

/** Envelope encryption of Kubernetes Secrets with a key that is ours to revoke. */
function createSecretsKey(parent: TradingCluster, name: string, args: TradingClusterArgs): aws.kms.Key {
  const key = new aws.kms.Key(
    `${name}-secrets`,
    {
      description: `Kubernetes Secrets of ${args.clusterName}`,
      enableKeyRotation: true,
      deletionWindowInDays: 30,
      policy: accountKeyPolicy(args.accountId, args.region),
    },
    { parent, protect: args.protect },
  );
  new aws.kms.Alias(
    `${name}-secrets`,
    { name: `alias/${args.clusterName}-secrets`, targetKeyId: key.keyId },
    { parent },
  );
  return key;
}

function createControlPlane(
  parent: TradingCluster,
  name: string,
  args: TradingClusterArgs,
  secretsKey: aws.kms.Key,
  // The whole network, not only the subnets that it names: on the way down, engines still cancel orders through the
  // NAT gateways, which would otherwise be the first to go.
  dependsOn: ReturnType<typeof dependencies>,
): eks.Cluster {
  return new eks.Cluster(
    name,
    {
      name: args.clusterName,
      version: args.version,
      vpcId: args.network.vpcId,
      publicSubnetIds: args.network.publicSubnetIds,
      privateSubnetIds: args.network.privateSubnetIds,
      ...endpointAccess(args.endpoint),
      kubernetesServiceIpAddressRange: args.serviceCidr,
      authenticationMode: eks.AuthenticationMode.Api,
      accessEntries: Object.fromEntries(args.admins.map((arn) => [arn, administrator(arn, args.region)])),
      encryptionConfigKeyArn: secretsKey.arn,
      enabledClusterLogTypes: LOG_TYPES,
      deletionProtection: args.deletionProtection,
      skipDefaultNodeGroup: true,
      skipDefaultSecurityGroups: true,
      // Every add-on is ours (ClusterAddons): left to their defaults, three would be made a second time, unpinned.
      bootstrapSelfManagedAddons: false,
      useDefaultVpcCni: true,
      kubeProxyAddonOptions: { enabled: false },
      corednsAddonOptions: { enabled: false },
    },
    { parent, protect: args.protect, dependsOn },
  );
}

/** Nodes always reach the API inside the VPC; the world only from the ranges that were named. */
function endpointAccess(endpoint: ClusterConfig["endpoint"]) {
  return endpoint === "private"
    ? { endpointPrivateAccess: true, endpointPublicAccess: false }
    : { endpointPrivateAccess: true, endpointPublicAccess: true, publicAccessCidrs: endpoint.publicCidrs };
}

function administrator(principalArn: string, region: string) {
  return {
    principalArn,
    accessPolicies: {
      admin: {
        policyArn: `arn:${partitionOf(region)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
        accessScope: { type: "cluster" },
      },
    },
  };
}

function createProvider(parent: TradingCluster, name: string, cluster: eks.Cluster): kubernetes.Provider {
  return new kubernetes.Provider(
    `${name}-kubernetes`,
    {
      kubeconfig: cluster.kubeconfigJson,
      // The market map keeps its name and is changed in place: no other engine's pod is restarted by a new market.
      enableConfigMapMutable: true,
    },
    { parent },
  );
}
