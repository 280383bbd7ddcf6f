import type { types } from "@pulumi/kubernetes";
import { kubernetesQuantity } from "../../config/units";
import { ENGINE_LABEL, HOST_LABEL, MARKET_MAP_KEY, NODE_LABEL, NODE_TAINT, ZONE_LABEL } from "../contract";
import { type EngineSpec, marketMapName, PORTS, selectorLabels } from "./spec";

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;

/** Above everything but the node's own critical pods. */
export const PRIORITY = 1_000_000;

/** User and group of every engine, whatever its image says. */
export const UID = 10_001;
export const DATA = { name: "data", mountPath: "/data" } as const;
export const MARKETS = { name: "markets", mountPath: "/etc/trading" } as const;
export const SCRATCH = { name: "tmp", mountPath: "/tmp" } as const;
/** Seconds on a node that fell silent before the pod is given up; the runbook fences the node before it starts another. */
const GIVE_UP = 30;
const LIVENESS_PERIOD = 10;
const STARTUP_PERIOD = 5;

/** The pod of an engine: exclusive CPUs, a place of its own, and time to cancel its orders. */
export function podSpec(spec: EngineSpec): PodSpec {
  return {
    serviceAccountName: spec.name,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: spec.gracePeriodSeconds,
    priorityClassName: `${spec.namespace}-engine`,
    ...placement(spec),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      fsGroup: UID,
      // Changing the owner of a large log on every start would be dark time.
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [engineContainer(spec)],
    volumes: [
      { name: MARKETS.name, configMap: { name: marketMapName(spec) } },
      { name: SCRATCH.name, emptyDir: { sizeLimit: "64Mi" } },
    ],
  };
}

/** One engine a host, zones evenly, on trading nodes only. All of it required: "preferred" is not kept when it matters. */
function placement(spec: EngineSpec): Omit<PodSpec, "containers"> {
  return {
    nodeSelector: { [NODE_LABEL.key]: NODE_LABEL.value },
    tolerations: [
      { key: NODE_TAINT.key, operator: "Equal", value: NODE_TAINT.value, effect: NODE_TAINT.effect },
      ...["not-ready", "unreachable"].map((state) => ({
        key: `node.kubernetes.io/${state}`,
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: GIVE_UP,
      })),
    ],
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: HOST_LABEL,
            labelSelector: { matchLabels: { [ENGINE_LABEL.key]: ENGINE_LABEL.value } },
            // Engines of other namespaces too: the node's isolated CPUs are promised to one.
            namespaceSelector: {},
          },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        topologyKey: ZONE_LABEL,
        maxSkew: 1,
        whenUnsatisfiable: "DoNotSchedule",
        // Without it a lost zone stops counting, and its markets pile up where their new volumes then pin them.
        minDomains: spec.zones.length,
        nodeAffinityPolicy: "Honor",
        nodeTaintsPolicy: "Honor",
        labelSelector: { matchLabels: selectorLabels(spec) },
      },
    ],
  };
}

function engineContainer(spec: EngineSpec): Container {
  const resources = { cpu: String(spec.cpus), memory: kubernetesQuantity(spec.memory) };
  return {
    name: "engine",
    image: spec.image,
    imagePullPolicy: "IfNotPresent",
    env: environment(spec),
    ports: [
      { name: "http", containerPort: PORTS.http },
      { name: "metrics", containerPort: PORTS.metrics },
    ],
    // Requests equal limits, in whole CPUs: the only pods to which the kubelet gives CPUs of their own.
    resources: { requests: resources, limits: resources },
    volumeMounts: [
      { name: DATA.name, mountPath: DATA.mountPath },
      { name: MARKETS.name, mountPath: MARKETS.mountPath, readOnly: true },
      { name: SCRATCH.name, mountPath: SCRATCH.mountPath },
    ],
    ...probes(spec),
    // Starts the drain; SIGTERM, which always follows, starts it too. Neither shell nor curl is needed in the image.
    lifecycle: { preStop: { httpGet: { path: "/shutdown", port: PORTS.http } } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

function environment(spec: EngineSpec): Container["env"] {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const { cancelOrders, confirmations, flush } = spec.shutdown;
  return [
    field("POD_NAME", "metadata.name"),
    field("POD_NAMESPACE", "metadata.namespace"),
    field("POD_INDEX", "metadata.labels['apps.kubernetes.io/pod-index']"),
    field("NODE_NAME", "spec.nodeName"),
    { name: "ENGINE_NAME", value: spec.name },
    { name: "DATA_DIR", value: DATA.mountPath },
    { name: "MARKETS_FILE", value: `${MARKETS.mountPath}/${MARKET_MAP_KEY}` },
    { name: "DRAIN_BUDGET_SECONDS", value: String(cancelOrders + confirmations + flush) },
  ];
}

function probes(spec: EngineSpec): Pick<Container, "startupProbe" | "readinessProbe" | "livenessProbe"> {
  const get = (path: string) => ({ httpGet: { path, port: PORTS.http } });
  return {
    // As long as the longest replay, so that liveness never kills an engine that is reading its log.
    startupProbe: {
      ...get("/health"),
      periodSeconds: STARTUP_PERIOD,
      failureThreshold: Math.ceil(spec.startupSeconds / STARTUP_PERIOD),
    },
    readinessProbe: { ...get("/ready"), periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 2 },
    // Slower than the longest reconnect: an exchange that is away is no reason to lose the book.
    livenessProbe: {
      ...get("/health"),
      periodSeconds: LIVENESS_PERIOD,
      failureThreshold: Math.ceil(spec.reconnectSeconds / LIVENESS_PERIOD) + 1,
      timeoutSeconds: 5,
    },
  };
}
