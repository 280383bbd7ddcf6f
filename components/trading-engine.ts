import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { POD_IDENTITY_TRUST } from "./cluster-addons";
import { TYPES } from "./contract";
import { dependencies } from "./dependencies";
import * as manifests from "./engine/manifests";
import { awaitSeconds, type EngineEndpoint, type EngineSpec, endpoints } from "./engine/spec";
import { statefulSet } from "./engine/stateful-set";

export interface TradingEngineArgs {
  spec: EngineSpec;
  /** Pulumi's `protect` on namespace and StatefulSet. */
  protect: boolean;
  kubernetesProvider: kubernetes.Provider;
  /** The EKS cluster that gives the pods their AWS identity; absent on a cluster that is not ours. */
  clusterName?: string;
}

/** Seconds for Kubernetes to delete what is left in a namespace once the engines have stopped. */
const NAMESPACE_SLACK = 300;

type InCluster = pulumi.CustomResourceOptions;

/**
 * An engine: stable identity → market, its own volume, its own address, time to shut down, and a bound on disruption.
 *
 * Risk: its pods hold positions. A change of image or resources drains each once, one after the other; a change of
 * name, selector or claim template replaces the StatefulSet, with its pods left running.
 */
export class TradingEngine extends pulumi.ComponentResource {
  readonly endpoints: EngineEndpoint[];

  constructor(name: string, args: TradingEngineArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPES.engine, name, { ...args.spec }, opts);
    const { spec } = args;
    const inCluster = { parent: this, provider: args.kubernetesProvider };
    const namespace = createNamespace(name, args, { ...inCluster, dependsOn: dependencies(opts) });
    // Kubernetes deletes a namespace's pods first and waits for them: engines still drain behind their policies, with their
    // lease. Deleted one by one, these would be gone before the pods, which the orphan annotation leaves running.
    const inNamespace = { ...inCluster, dependsOn: namespace, deletedWith: namespace };

    const identity = createIdentity(name, spec, inNamespace);
    const credentials = createCredentialAccess(this, name, args, namespace);
    const markets = createMarketMap(name, spec, inNamespace);
    const service = createService(name, spec, inNamespace);
    const fences = createNetworkPolicies(name, spec, inNamespace);
    const priority = createPriorityClass(name, spec, inCluster);
    // Before the pods that it protects: their first roll-out may take half an hour, and fail.
    const budget = createDisruptionBudget(name, spec, inNamespace);
    const needs = [namespace, ...identity, ...credentials, markets, service, ...fences, priority, budget];
    createStatefulSet(name, args, { ...inNamespace, dependsOn: needs });

    this.endpoints = endpoints(spec);
    this.registerOutputs({ endpoints: this.endpoints });
  }
}

function createNamespace(
  name: string,
  { spec, protect }: TradingEngineArgs,
  opts: InCluster,
): kubernetes.core.v1.Namespace {
  return new kubernetes.core.v1.Namespace(`${name}-namespace`, manifests.namespace(spec), {
    ...opts,
    protect,
    customTimeouts: { delete: `${spec.gracePeriodSeconds + NAMESPACE_SLACK}s` },
  });
}

function createIdentity(name: string, spec: EngineSpec, opts: InCluster): pulumi.Resource[] {
  return [
    new kubernetes.core.v1.ServiceAccount(`${name}-account`, manifests.serviceAccount(spec), opts),
    new kubernetes.rbac.v1.Role(`${name}-lease`, manifests.leaseRole(spec), opts),
    new kubernetes.rbac.v1.RoleBinding(`${name}-lease`, manifests.leaseRoleBinding(spec), opts),
  ];
}

/** The exchange secrets of this engine's markets, and no other, for its service account, and no other. */
function createCredentialAccess(
  parent: TradingEngine,
  name: string,
  { spec, clusterName }: TradingEngineArgs,
  namespace: pulumi.Resource,
): pulumi.Resource[] {
  const secrets = Object.values(spec.credentials);
  if (clusterName === undefined || secrets.length === 0) return [];
  const role = new aws.iam.Role(`${name}-credentials`, { assumeRolePolicy: POD_IDENTITY_TRUST }, { parent });
  const access = new aws.iam.RolePolicy(
    `${name}-credentials`,
    {
      role: role.id,
      policy: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secrets }],
      },
    },
    { parent },
  );
  const association = new aws.eks.PodIdentityAssociation(
    `${name}-credentials`,
    { clusterName, namespace: spec.namespace, serviceAccount: spec.name, roleArn: role.arn },
    { parent, dependsOn: [access, namespace] },
  );
  return [association];
}

function createMarketMap(name: string, spec: EngineSpec, opts: InCluster): kubernetes.core.v1.ConfigMap {
  return new kubernetes.core.v1.ConfigMap(`${name}-markets`, manifests.marketMap(spec), opts);
}

function createService(name: string, spec: EngineSpec, opts: InCluster): kubernetes.core.v1.Service {
  return new kubernetes.core.v1.Service(`${name}-headless`, manifests.headlessService(spec), opts);
}

function createNetworkPolicies(name: string, spec: EngineSpec, opts: InCluster): pulumi.Resource[] {
  return [
    new kubernetes.networking.v1.NetworkPolicy(`${name}-deny-all`, manifests.denyAll(spec), opts),
    new kubernetes.networking.v1.NetworkPolicy(`${name}-egress`, manifests.egressPolicy(spec), opts),
    new kubernetes.networking.v1.NetworkPolicy(`${name}-ingress`, manifests.ingressPolicy(spec), opts),
  ];
}

function createPriorityClass(
  name: string,
  spec: EngineSpec,
  opts: InCluster,
): kubernetes.scheduling.v1.PriorityClass {
  return new kubernetes.scheduling.v1.PriorityClass(`${name}-priority`, manifests.priorityClass(spec), opts);
}

function createStatefulSet(name: string, { spec, protect }: TradingEngineArgs, opts: InCluster): void {
  const timeout = `${awaitSeconds(spec)}s`;
  new kubernetes.apps.v1.StatefulSet(name, statefulSet(spec), {
    ...opts,
    protect,
    customTimeouts: { create: timeout, update: timeout, delete: timeout },
  });
}

function createDisruptionBudget(
  name: string,
  spec: EngineSpec,
  opts: InCluster,
): kubernetes.policy.v1.PodDisruptionBudget {
  return new kubernetes.policy.v1.PodDisruptionBudget(
    `${name}-budget`,
    manifests.disruptionBudget(spec),
    opts,
  );
}
