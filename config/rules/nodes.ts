import { checkEngineFits, NodePlanError, type NodeProblem, planNode } from "../../tuning";
import type { Architecture, NodePlan } from "../../tuning/types";
import { nodeProfile } from "../node-profile";
import type { Problem } from "../problems";
import { type EngineConfig, MAX_NODES, type NodesConfig } from "../schema";
import { mebibytes } from "../units";
import { type Rule, repeated } from "./sections";

type Engines = Readonly<Record<string, EngineConfig>>;

const AMI_ARCHITECTURE: Readonly<Record<string, Architecture>> = {
  AL2023_x86_64_STANDARD: "x86_64",
  AL2023_ARM_64_STANDARD: "arm64",
};

/** Fields of a node profile that have another name in the stack file. */
const NODE_FIELDS: Readonly<Record<string, string>> = { mode: "tuning" };

/** Zones with engines: each once, each with a subnet. */
export const nodeZones: Rule = ({ nodes, network }) => {
  const zones = nodes?.zones ?? [];
  const twice = repeated(zones).map((index) => ({
    path: `nodes.zones[${index}]`,
    problem: "is named twice; a zone has one node group: remove one",
    got: zones[index],
  }));
  const bare = zones.flatMap((zone, index) =>
    !network || network.zones.includes(zone)
      ? []
      : [
          {
            path: `nodes.zones[${index}]`,
            problem: `has no subnet; add it to network.zones (${network.zones.join(", ")})`,
            got: zone,
          },
        ],
  );
  return [...twice, ...bare];
};

/** A cluster placement group exists in one zone. */
export const placementGroupZone: Rule = ({ nodes, network }) => {
  const zones = nodes?.zones ?? network?.zones ?? [];
  if (nodes?.placement !== "cluster" || zones.length <= 1) return [];
  return [
    {
      path: "nodes.placement",
      problem: `a cluster placement group lies in one zone, and engines run in ${zones.length}; set nodes.zones to one zone, or placement to "none"`,
      got: nodes.placement,
    },
  ];
};

/** A reservation that no node group uses is paid for and idle. */
export const reservationZones: Rule = ({ nodes, network }) => {
  const zones = nodes?.zones ?? network?.zones;
  if (!nodes || !zones) return [];
  return Object.keys(nodes.capacityReservations).flatMap((zone) =>
    zones.includes(zone)
      ? []
      : [
          {
            path: `nodes.capacityReservations.${zone}`,
            problem: `is for a zone without engines; use one of ${zones.join(", ")}`,
            got: zone,
          },
        ],
  );
};

/** AMI releases belong to one Kubernetes version; a node more than one minor away does not join. */
export const releaseMatchesVersion: Rule = ({ nodes, cluster }) => {
  if (cluster?.kind !== "eks") return [];
  const releases = [
    { path: "cluster.systemNodes.releaseVersion", release: cluster.systemNodes.releaseVersion },
    ...(nodes?.ami.mode === "merge"
      ? [{ path: "nodes.ami.releaseVersion", release: nodes.ami.releaseVersion }]
      : []),
  ];
  return releases.flatMap(({ path, release }) =>
    release.startsWith(`${cluster.version}.`)
      ? []
      : [
          {
            path,
            problem: `is not a release for Kubernetes ${cluster.version}; pin a release that begins with ${cluster.version}.`,
            got: release,
          },
        ],
  );
};

/** kube-proxy of another minor version than the API server's is not supported. */
export const kubeProxyMatchesVersion: Rule = ({ cluster }) => {
  if (cluster?.kind !== "eks" || cluster.addons.kubeProxy.startsWith(`v${cluster.version}.`)) return [];
  return [
    {
      path: "cluster.addons.kubeProxy",
      problem: `is not for Kubernetes ${cluster.version}; pin a version that begins with v${cluster.version}.`,
      got: cluster.addons.kubeProxy,
    },
  ];
};

/** Spare nodes are nodes of the same group. */
export const groupWithinQuota: Rule = ({ nodes }) => {
  if (!nodes || nodes.enginesPerZone + nodes.spareNodesPerZone <= MAX_NODES) return [];
  return [
    {
      path: "nodes.spareNodesPerZone",
      problem: `makes ${nodes.enginesPerZone + nodes.spareNodesPerZone} nodes a zone with enginesPerZone; a managed node group has at most ${MAX_NODES}, so use fewer`,
      got: nodes.spareNodesPerZone,
    },
  ];
};

/** Zones of somebody else's cluster, counted twice, would leave pods waiting for a zone that does not exist. */
export const existingZonesOnce: Rule = ({ cluster }) =>
  cluster?.kind !== "existing"
    ? []
    : repeated(cluster.zones).map((index) => ({
        path: `cluster.zones[${index}]`,
        problem: "is named twice; name each zone once",
        got: cluster.zones[index],
      }));

/** The instance type's plan, the AMI's architecture, and whether every engine fits beside the add-ons. */
export const nodePlanFits: Rule = (sections) => {
  const { nodes, engines } = sections;
  if (!nodes || !engines) return [];
  const outcome = tryPlan(nodes, engines);
  if ("problems" in outcome) return outcome.problems;
  return [...architectureProblems(nodes, outcome.plan), ...fitProblems(engines, outcome.plan)];
};

function tryPlan(nodes: NodesConfig, engines: Engines): { plan: NodePlan } | { problems: Problem[] } {
  try {
    return { plan: planNode(nodeProfile(nodes, engines)) };
  } catch (error) {
    if (!(error instanceof NodePlanError)) throw error;
    return {
      problems: error.problems.map((found) => {
        const field = NODE_FIELDS[found.field] ?? found.field;
        return { path: `nodes.${field}`, problem: sentence(found), got: valueAt(nodes, field) };
      }),
    };
  }
}

function architectureProblems({ ami, instanceType }: NodesConfig, { architecture }: NodePlan): Problem[] {
  const [field, image] =
    ami.mode === "own" ? ["architecture", ami.architecture] : ["amiType", AMI_ARCHITECTURE[ami.amiType]];
  if (image === architecture) return [];
  const got = ami.mode === "own" ? ami.architecture : ami.amiType;
  return [
    {
      path: `nodes.ami.${field}`,
      problem: `is for ${image}, but ${instanceType} is ${architecture}; use an image for ${architecture}, or another instance type`,
      got,
    },
  ];
}

function fitProblems(engines: Engines, plan: NodePlan): Problem[] {
  return Object.entries(engines).flatMap(([name, engine]) =>
    checkEngineFits(plan, { cpus: engine.cpus, memoryMebibytes: mebibytes(engine.memory) }).map((found) => ({
      path: `engines.${name}.${found.field === "cpus" ? "cpus" : "memory"}`,
      problem: sentence(found),
      got: found.field === "cpus" ? engine.cpus : engine.memory,
    })),
  );
}

/** Problem and remedy as one line of the config's error. */
function sentence({ problem, remedy }: NodeProblem): string {
  return `${problem}; ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`;
}

/** The value of a field such as `instanceType` or `knobs.idle`. */
function valueAt(nodes: NodesConfig, path: string): unknown {
  const values: Readonly<Record<string, unknown>> = { ...nodes, ...prefixed(nodes.knobs) };
  return values[path];
}

function prefixed(knobs: NodesConfig["knobs"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(knobs).map(([knob, value]) => [`knobs.${knob}`, value]));
}
