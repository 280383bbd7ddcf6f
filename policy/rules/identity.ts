import { ENGINE_LABEL, MARKET_MAP_KEY } from "../../components/contract";
import { engineRepositories, engineSign, engines, ordinalsOf, podOf, STATEFUL_SET } from "../lib/engines";
import { type Assignment, assignmentsOf, marketMap, marketMapsOf } from "../lib/market-map";
import { containers, mountedVolumes, podSpecs } from "../lib/pods";
import { type Context, defineRule } from "../lib/rule";
import type { Resource, Stack } from "../lib/stack";

/** A market belongs to one ordinal of one engine, and every ordinal has one: else two engines quote it, or none does. */
export const marketAssignmentUnique = defineRule({
  name: "market-assignment-unique",
  description: "Every ordinal of an engine has markets, and every market has exactly one owner in the stack.",
  settings: {},
  defaults: {},
  subjects: engines,
  absent: "the stack has no engine",
  inspect: (engine, context) => {
    const maps = marketMapsOf(engine, context.stack);
    const [map] = maps;
    if (map !== undefined && maps.length === 1) return inspectMap(engine, map, context);
    context.report(podOf(engine).at("volumes"), {
      problem: `${maps.length === 0 ? "no ConfigMap" : `${maps.length} ConfigMaps`} with ${MARKET_MAP_KEY} of this stack and namespace is mounted`,
      because:
        "nothing then tells each ordinal its markets, and a live engine trades nothing or what another one trades",
      remedy: `mount one ConfigMap whose ${MARKET_MAP_KEY} maps every ordinal to its markets, for example {"0":["BTCUSDT"]}`,
    });
  },
  inspectAll: (subjects, context) => {
    inspectOwners(subjects, context);
    refusePatches(context);
  },
});

function inspectMap(engine: Resource, map: Resource, { report }: Context<object>): void {
  const field = marketMap(map);
  const { ordinals } = assignmentsOf(field);
  const expected = ordinalsOf(engine);
  for (const ordinal of expected) {
    const markets = ordinals.get(ordinal);
    if (markets !== undefined && markets.list().length > 0) continue;
    report(markets ?? field, {
      problem: `ordinal ${ordinal} of ${engine.label} has no market`,
      because: `pod ${engine.name}-${ordinal} would run and trade nothing, in silence`,
      remedy: `give ordinal ${ordinal} at least one market, or lower replicas to the number of market lists`,
    });
  }
  for (const [ordinal, markets] of ordinals) {
    if (expected.includes(ordinal)) continue;
    report(markets, {
      problem: `is not an ordinal of ${engine.label}, which has ${expected.join(", ") || "none"}`,
      because: "its markets belong to a pod that does not exist, so nobody trades them",
      remedy: "raise replicas, or move the markets to an ordinal that exists",
    });
  }
}

function inspectOwners(subjects: readonly Resource[], { stack, report, attempt }: Context<object>): void {
  const owners = new Map<string, { readonly engine: Resource; readonly assignment: Assignment }>();
  for (const engine of subjects) {
    attempt(() => {
      for (const assignment of marketMapsOf(engine, stack).flatMap(
        (map) => assignmentsOf(marketMap(map)).assignments,
      )) {
        const first = owners.get(assignment.market);
        if (first === undefined) owners.set(assignment.market, { engine, assignment });
        else
          report(assignment.field, {
            problem: `ordinal ${assignment.ordinal} of ${engine.label} and ordinal ${first.assignment.ordinal} of ${first.engine.label} both own it`,
            because: "two engines with their own positions would quote one market against each other",
            remedy: "leave the market with one of them",
          });
      }
    });
  }
}

function refusePatches({ stack, report }: Context<object>): void {
  for (const patch of stack.ofType("kubernetes:core/v1:ConfigMapPatch")) {
    if (!patch.inputs.at("data", MARKET_MAP_KEY).present) continue;
    report(patch.inputs.at("data", MARKET_MAP_KEY), {
      problem: "changes a market map from outside",
      because: "the map in the cluster is then not the one that was checked",
      remedy: "write the assignment into the ConfigMap itself",
    });
  }
}

/** Only a StatefulSet gives a pod the same name, volume and address after a restart. */
export const engineMustBeStatefulSet = defineRule({
  name: "engine-must-be-statefulset",
  description:
    "An engine is a StatefulSet, declared whole: no Deployment, Job, bare Pod, patch, list or opaque release.",
  settings: {},
  defaults: {},
  subjects: (stack) => stack.resources.filter((resource) => isEngineLike(resource, stack)),
  absent: "the stack has no workload with an engine's label, image, toleration or node selector",
  inspect: (workload, { stack, report }) => {
    if (workload.type === STATEFUL_SET) return;
    const sign = engineSign(workload, stack) ?? mention(workload, stack) ?? "is an engine";
    if (sign.startsWith("has ")) {
      report(workload, {
        problem: `must be known in preview: it ${sign}`,
        because: "nobody can tell whether it is an engine, which only a StatefulSet may be",
        remedy: "write image and labels as plain values from the configuration",
      });
      return;
    }
    report(workload, {
      problem: `${sign}, but is not a StatefulSet of apps/v1`,
      because:
        "its pods come back under another name without their volume, or several at once with the same markets",
      remedy: `declare the engine as apps/v1 StatefulSet, whole and as a resource of its own; a workload that is no engine needs another image, no label ${ENGINE_LABEL.key}=${ENGINE_LABEL.value} and other nodes`,
    });
  },
});

const WORKLOAD =
  /^(Pod|PodTemplate|Deployment|ReplicaSet|ReplicationController|StatefulSet|DaemonSet|Job|CronJob)(Patch|List|PatchList)?$/;
const RELEASE = /^kubernetes:helm\.sh\/v[23]:Release$/;

function isEngineLike(resource: Resource, stack: Stack): boolean {
  if (RELEASE.test(resource.type)) return mention(resource, stack) !== undefined;
  if (!resource.type.startsWith("kubernetes:")) return false;
  // Agents of a node run as a DaemonSet on engines' nodes too; only image or label make one an engine.
  if (resource.kind.startsWith("DaemonSet")) return /image|label/.test(engineSign(resource, stack) ?? "");
  if (!WORKLOAD.test(resource.kind) && podSpecs(resource).length === 0) return false;
  return engineSign(resource, stack) !== undefined;
}

/** A release hides its pods; its values still name the image. */
function mention(release: Resource, stack: Stack): string | undefined {
  for (const { value, path } of release.inputs.walk()) {
    if (typeof value !== "string") continue;
    const image = engineRepositories(stack).find((engine) =>
      new RegExp(`(^|[/\\s"'])${escaped(engine)}($|[:@\\s"'])`).test(value),
    );
    if (image !== undefined) return `names the engine image ${image} in ${path}`;
  }
  return undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

interface WriterSettings {
  readonly accessModes: readonly string[];
}

/**
 * The kubelet lets one pod in the whole cluster mount a ReadWriteOncePod volume: the log has one writer even while a
 * lost node's pod lingers.
 *
 * @see https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
 */
export const singleWriter = defineRule<WriterSettings>({
  name: "single-writer",
  description:
    "An engine's volume can be mounted by one pod only, and no pod is killed without a grace period.",
  settings: {
    accessModes: {
      type: "array",
      items: { type: "string" },
      description: "Access modes that keep a second writer out.",
    },
  },
  defaults: { accessModes: ["ReadWriteOncePod"] },
  subjects: engines,
  absent: "the stack has no engine",
  inspect: (engine, context) => {
    context.attempt(() => inspectClaims(engine, context));
    context.attempt(() => claimIsMounted(engine, context));
    context.attempt(() => refuseSharedClaims(engine, context));
    context.attempt(() => refuseNoGrace(engine, context));
  },
});

function inspectClaims(engine: Resource, { config, report, attempt }: Context<WriterSettings>): void {
  const templates = engine.inputs.at("spec", "volumeClaimTemplates");
  if (templates.list().length === 0) {
    report(templates, {
      problem: "declares no volume of the pod's own",
      because: "an engine without its log comes back without its orders and positions",
      remedy: "add a claim template with accessModes: [ReadWriteOncePod] and mount it at /data",
    });
  }
  for (const template of templates.list()) {
    attempt(() => {
      const modes = template.at("spec", "accessModes");
      const named = modes.list().map((mode) => mode.text() ?? "");
      if (named.length > 0 && named.every((mode) => config.accessModes.includes(mode))) return;
      report(modes, {
        problem: `is ${named.join(", ") || "not set"} and must be ${config.accessModes.join(" or ")}`,
        because: "two pods on one node may then write the same log, for example after a forced deletion",
        remedy: `set accessModes: [${config.accessModes.join(", ")}]`,
      });
    });
  }
}

/** What is written beside the claim is gone with the pod. */
function claimIsMounted(engine: Resource, { report }: Context<WriterSettings>): void {
  const templates = engine.inputs.at("spec", "volumeClaimTemplates");
  const mounted = mountedVolumes(podOf(engine));
  for (const template of templates.list()) {
    const name = template.at("metadata", "name");
    if (mounted.has(name.text() ?? "")) continue;
    report(name, {
      problem: "no container mounts this claim",
      because: "the engine writes its log into the container, and it is gone with the pod",
      remedy: "mount the claim at /data",
    });
  }
}

function refuseSharedClaims(engine: Resource, { report }: Context<WriterSettings>): void {
  for (const volume of podOf(engine).at("volumes").list()) {
    const claim = volume.at("persistentVolumeClaim");
    if (!claim.present || claim.at("readOnly").boolean() === true) continue;
    report(claim, {
      problem: "mounts one claim into every pod of the engine",
      because: "all ordinals would write to the same volume",
      remedy: "use volumeClaimTemplates, which give each ordinal a claim of its own",
    });
  }
}

function refuseNoGrace(engine: Resource, { report }: Context<WriterSettings>): void {
  const pod = podOf(engine);
  const probes = containers(pod).flatMap((container) =>
    ["livenessProbe", "startupProbe"].map((probe) => container.at(probe)),
  );
  for (const grace of [pod, ...probes].map((holder) => holder.at("terminationGracePeriodSeconds"))) {
    if (grace.number() !== 0) continue;
    report(grace, {
      problem: "must not be 0",
      because:
        "the pod is forgotten at once while its process may still send orders, and the next one starts beside it",
      remedy: "set the time that a shutdown needs",
    });
  }
}
