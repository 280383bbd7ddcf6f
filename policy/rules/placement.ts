import { HOST_LABEL, NODE_LABEL, ZONE_LABEL } from "../../components/contract";
import { declared, engines, podLabels, podOf, replicasOf } from "../lib/engines";
import type { Field } from "../lib/field";
import { NODE_GROUP, tradingGroups, zonesOf } from "../lib/node-groups";
import { type Context, defineRule } from "../lib/rule";
import { selects } from "../lib/selector";
import type { Resource, Stack } from "../lib/stack";

/**
 * A volume never leaves its zone: where an engine may be scheduled there must be nodes for it, and a zone that is lost
 * must not pile its engines onto another, where their volumes would keep them.
 *
 * @see https://docs.aws.amazon.com/eks/latest/best-practices/reliability.html
 */
export const azCoverage = defineRule({
  name: "az-coverage",
  description:
    "Every zone of an engine has nodes of its own, and engines are spread over hosts and zones by hard rules.",
  settings: {},
  defaults: {},
  subjects: (stack) => [...tradingGroups(stack), ...engines(stack)],
  absent: "the stack has no engine and no node group for engines",
  inspect: (subject, context) => {
    if (subject.type === NODE_GROUP) {
      context.attempt(() => oneZone(subject, context));
      context.attempt(() => neverEmpty(subject, context));
    } else {
      context.attempt(() => oneEngineAHost(subject, context));
      context.attempt(() => spreadOverZones(subject, context));
      context.attempt(() => zonesHaveNodes(subject, context));
    }
  },
});

function oneZone(group: Resource, { report }: Context<object>): void {
  const subnets = group.inputs.at("subnetIds");
  const { zones, untold } = zonesOf(group);
  if (untold > 0 || zones.length === 0) {
    report(subnets, {
      problem: "the zone of its subnets cannot be told",
      because: "an engine's volume may lie in a zone where no node of the group ever comes up",
      remedy: "use a subnet of this stack, with availabilityZone set, and pass its id straight on",
    });
  } else if (zones.length > 1) {
    report(subnets, {
      problem: `spans ${zones.join(", ")}`,
      because:
        "Auto Scaling chooses the zone of a new node, and it need not be the one where the engine's volume lies",
      remedy: "make one node group for each zone, with one subnet",
    });
  }
}

function neverEmpty(group: Resource, { report }: Context<object>): void {
  const minimum = group.inputs.at("scalingConfig", "minSize");
  if ((minimum.number() ?? 0) >= 1) return;
  report(minimum, {
    problem: "must be at least 1",
    because: "an engine whose volume lies in this zone has no node to come back to",
    remedy: "set scalingConfig.minSize to the engines of the zone",
  });
}

function oneEngineAHost(engine: Resource, { report }: Context<object>): void {
  const required = podOf(engine).at(
    "affinity",
    "podAntiAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
  );
  const labels = podLabels(engine);
  const hard = required
    .list()
    .some(
      (term) => term.at("topologyKey").text() === HOST_LABEL && selects(term.at("labelSelector"), labels),
    );
  if (hard || replicasOf(engine) < 2) return;
  report(required, {
    problem: `does not keep the engine's own pods off one host (topologyKey ${HOST_LABEL})`,
    because:
      "with a preference only, several engines may share a host, and one lost instance takes all their markets",
    remedy: `add a required podAntiAffinity term with topologyKey ${HOST_LABEL} and the pods' labels`,
  });
}

function spreadOverZones(engine: Resource, { stack, report }: Context<object>): void {
  if (replicasOf(engine) < 2) return;
  const constraints = podOf(engine).at("topologySpreadConstraints");
  const labels = podLabels(engine);
  const hard = constraints
    .list()
    .filter(
      (constraint) =>
        constraint.at("topologyKey").text() === ZONE_LABEL &&
        constraint.at("whenUnsatisfiable").text() === "DoNotSchedule",
    )
    .find((constraint) => selects(constraint.at("labelSelector"), labels));
  const minimum = hard?.at("minDomains");
  if (hard === undefined || minimum?.number() === undefined) {
    report(minimum ?? constraints, {
      problem: `does not spread the pods over zones by a hard rule with minDomains (topologyKey ${ZONE_LABEL}, DoNotSchedule)`,
      because:
        "while a zone is lost its engines pile up in another, and their new volumes keep them there for good",
      remedy: `add { topologyKey: ${ZONE_LABEL}, whenUnsatisfiable: DoNotSchedule, maxSkew: 1, minDomains: <zones>, labelSelector: <the pods' labels> }`,
    });
    return;
  }
  const covered = coveredZones(stack);
  if (covered.size === 0 || (minimum.number() ?? 0) <= covered.size) return;
  report(minimum, {
    problem: `asks for more zones than the ${covered.size} with nodes for engines (${[...covered].join(", ")})`,
    because: "some pods stay Pending for ever",
    remedy: "add a node group in a further zone, or lower minDomains",
  });
}

function zonesHaveNodes(engine: Resource, { stack, report }: Context<object>): void {
  const covered = coveredZones(stack);
  // On somebody else's cluster the nodes are theirs too.
  if (covered.size === 0 && !stack.ownsCluster) return;
  for (const { zone, field } of zonesOfEngine(engine)) {
    if (covered.has(zone)) continue;
    report(field, {
      problem: `zone ${zone} has no on-demand node group for engines`,
      because: "an engine whose volume lies there stays Pending, and its markets stay dark",
      remedy: `add a node group for engines with a subnet in ${zone}, or take the zone out`,
    });
  }
  if (covered.size > 0) return;
  report(engine, {
    problem: "the stack has no node group for engines",
    because: "the pods stay Pending for ever",
    remedy: `add node groups with the label ${NODE_LABEL.key}=${NODE_LABEL.value}, one for each zone`,
  });
}

function coveredZones(stack: Stack): ReadonlySet<string> {
  const onDemand = tradingGroups(stack).filter((group) => group.inputs.at("capacityType").value !== "SPOT");
  return new Set(onDemand.flatMap((group) => zonesOf(group).zones));
}

interface EngineZone {
  readonly zone: string;
  readonly field: Field;
}

/** Zones that the component declares and those that the pod asks for. */
function zonesOfEngine(engine: Resource): EngineZone[] {
  const declaredZones = declared(engine, "zones")?.list() ?? [];
  return [...declaredZones, ...requiredZones(podOf(engine))].flatMap((field) => {
    const zone = field.text();
    return zone === undefined ? [] : [{ zone, field }];
  });
}

function requiredZones(pod: Field): Field[] {
  const terms = pod
    .at("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    .list();
  const expressions = terms.flatMap((term) => term.at("matchExpressions").list());
  const inZone = expressions.filter(
    (expression) => expression.at("key").text() === ZONE_LABEL && expression.at("operator").text() === "In",
  );
  const selector = pod.at("nodeSelector").at(ZONE_LABEL);
  return [
    ...inZone.flatMap((expression) => expression.at("values").list()),
    ...(selector.present ? [selector] : []),
  ];
}
