import type { types } from "@pulumi/kubernetes";
import { contains, INSTANCE_METADATA, parseCidr } from "../../config/cidr";
import { MARKET_MAP_KEY } from "../contract";
import { PRIORITY } from "./pod";
import { type EngineSpec, marketMapName, PORTS, selectorLabels, serviceName } from "./spec";

type Named<T> = T & { readonly metadata: types.input.meta.v1.ObjectMeta & { name: string } };

/** The engine's own namespace; the API server enforces the strictest pod standard in it. */
export function namespace({ namespace: name }: EngineSpec): Named<types.input.core.v1.Namespace> {
  const level = "restricted";
  return {
    metadata: {
      name,
      labels: {
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/audit": level,
        "pod-security.kubernetes.io/warn": level,
      },
    },
  };
}

export function serviceAccount(spec: EngineSpec): Named<types.input.core.v1.ServiceAccount> {
  return { metadata: { name: spec.name, namespace: spec.namespace } };
}

/** Each ordinal holds one Lease of its own name: the single-writer guard of the engine contract. */
export function leaseRole(spec: EngineSpec): Named<types.input.rbac.v1.Role> {
  const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
  return {
    metadata: { name: `${spec.name}-lease`, namespace: spec.namespace },
    rules: [
      // A request to create carries no name that RBAC could compare.
      { ...leases, verbs: ["create"] },
      {
        ...leases,
        verbs: ["get", "update", "patch"],
        resourceNames: spec.markets.map((_, ordinal) => `${spec.name}-${ordinal}`),
      },
    ],
  };
}

export function leaseRoleBinding(spec: EngineSpec): Named<types.input.rbac.v1.RoleBinding> {
  return {
    metadata: { name: `${spec.name}-lease`, namespace: spec.namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: `${spec.name}-lease` },
    subjects: [{ kind: "ServiceAccount", name: spec.name, namespace: spec.namespace }],
  };
}

/** Ordinal → markets, and market → ARN of its credentials. Read once at an engine's start. */
export function marketMap(spec: EngineSpec): Named<types.input.core.v1.ConfigMap> {
  return {
    metadata: { name: marketMapName(spec), namespace: spec.namespace },
    data: {
      [MARKET_MAP_KEY]: JSON.stringify(Object.fromEntries(spec.markets.entries()), null, 2),
      "credentials.json": JSON.stringify(spec.credentials, null, 2),
    },
  };
}

/** No cluster IP: each engine is reached by its own name, also while it is draining and no longer ready. */
export function headlessService(spec: EngineSpec): Named<types.input.core.v1.Service> {
  return {
    metadata: {
      name: serviceName(spec),
      namespace: spec.namespace,
      // The pods wait for the name, so the name must not wait for the pods.
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: selectorLabels(spec),
      ports: [
        { name: "http", port: PORTS.http, targetPort: "http" },
        { name: "metrics", port: PORTS.metrics, targetPort: "metrics" },
      ],
    },
  };
}

/** Bounds how many markets are dark at once when nodes are drained. A broken engine never blocks a drain. */
export function disruptionBudget(spec: EngineSpec): Named<types.input.policy.v1.PodDisruptionBudget> {
  return {
    metadata: { name: spec.name, namespace: spec.namespace },
    spec: {
      maxUnavailable: spec.maxDisrupted,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selectorLabels(spec) },
    },
  };
}

export function priorityClass(spec: EngineSpec): Named<types.input.scheduling.v1.PriorityClass> {
  return {
    metadata: { name: `${spec.namespace}-engine` },
    value: PRIORITY,
    preemptionPolicy: "PreemptLowerPriority",
    description: `Engines of ${spec.name}: never make way for anything but the node's own pods`,
  };
}

/** Nothing in, nothing out: everything below is an exception from this. */
export function denyAll(spec: EngineSpec): Named<types.input.networking.v1.NetworkPolicy> {
  return {
    metadata: { name: `${spec.name}-deny-all`, namespace: spec.namespace },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  };
}

/** Names, the Kubernetes API (leases), Pod Identity, and where the engine's config lets it go: the exchanges. */
export function egressPolicy(spec: EngineSpec): Named<types.input.networking.v1.NetworkPolicy> {
  const tcp = (ports: readonly number[]) => ports.map((port) => ({ protocol: "TCP", port }));
  const dns = ["UDP", "TCP"].map((protocol) => ({ protocol, port: 53 }));
  const cluster = { "kubernetes.io/metadata.name": "kube-system" };
  return {
    metadata: { name: `${spec.name}-egress`, namespace: spec.namespace },
    spec: {
      podSelector: { matchLabels: selectorLabels(spec) },
      policyTypes: ["Egress"],
      egress: [
        { to: [{ namespaceSelector: { matchLabels: cluster } }], ports: dns },
        { to: spec.api.cidrs.map((cidr) => ({ ipBlock: { cidr } })), ports: tcp(spec.api.ports) },
        ...(Object.keys(spec.credentials).length > 0 ? [POD_IDENTITY_EGRESS] : []),
        ...spec.egress.map(({ cidr, except, ports }) => ({
          to: [{ ipBlock: withoutMetadata(cidr, except) }],
          ports: tcp(ports),
        })),
      ],
    },
  };
}

/** Instance metadata hands out the node's own credentials: no range of the config may open it. */
function withoutMetadata(cidr: string, except: readonly string[]): types.input.networking.v1.IPBlock {
  const covered = contains(parseCidr(cidr), parseCidr(INSTANCE_METADATA)) && cidr !== INSTANCE_METADATA;
  const exceptions = [...new Set([...except, ...(covered ? [INSTANCE_METADATA] : [])])];
  return { cidr, ...(exceptions.length > 0 ? { except: exceptions } : {}) };
}

/** The agent's link-local address. https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html */
const POD_IDENTITY_EGRESS = {
  to: [{ ipBlock: { cidr: "169.254.170.23/32" } }],
  ports: [{ protocol: "TCP", port: 80 }],
};

/** Callers by namespace: the risk engine and Prometheus. Probes come from the node and need no rule. */
export function ingressPolicy(spec: EngineSpec): Named<types.input.networking.v1.NetworkPolicy> {
  return {
    metadata: { name: `${spec.name}-ingress`, namespace: spec.namespace },
    spec: {
      podSelector: { matchLabels: selectorLabels(spec) },
      policyTypes: ["Ingress"],
      ingress: spec.callers.map((caller) => ({
        from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": caller } } }],
        ports: Object.values(PORTS).map((port) => ({ protocol: "TCP", port })),
      })),
    },
  };
}
