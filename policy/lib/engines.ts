import { ENGINE_LABEL, type EngineInputs, NODE_LABEL, NODE_TAINT, TYPES } from "../../components/contract";
import type { Field } from "./field";
import { containers, podSpecs } from "./pods";
import { perStack, type Resource, type Stack } from "./stack";

export const STATEFUL_SET = "kubernetes:apps/v1:StatefulSet";

/** The engines of a stack: every StatefulSet with a sign of being one, made by our component or not. */
export const engines: (stack: Stack) => readonly Resource[] = perStack((stack) =>
  stack.ofType(STATEFUL_SET).filter((resource) => engineSign(resource, stack) !== undefined),
);

/**
 * Why a workload counts as an engine, for people; `undefined` when it does not. What is unknown counts: a rule then
 * meets the unknown and says that it must be known.
 */
export function engineSign(resource: Resource, stack: Stack): string | undefined {
  if (resource.type === STATEFUL_SET && resource.within(TYPES.engine) !== undefined)
    return `is part of a ${TYPES.engine}`;
  if (resource.inputs.unknown) return "has unknown inputs";
  for (const pod of podSpecs(resource)) {
    const sign = podSign(pod, stack) ?? labelSign(resource);
    if (sign !== undefined) return sign;
  }
  return labelSign(resource);
}

/** Repositories of engines: the configured ones, and those of the stack's own TradingEngines. */
export const engineRepositories: (stack: Stack) => readonly string[] = perStack((stack) => {
  const own = stack.ofType(TYPES.engine).flatMap(({ inputs }) => {
    const { value } = inputs.at("image");
    return typeof value === "string" ? [repositoryOf(value)] : [];
  });
  return [...new Set([...stack.vocabulary.engineImages, ...own])];
});

function podSign(pod: Field, stack: Stack): string | undefined {
  if (containerLists(pod).some((list) => list.unknown)) return "has unknown containers";
  for (const container of containers(pod)) {
    const image = container.at("image");
    if (image.unknown) return "has an unknown image";
    const text = image.text() ?? "";
    if (engineRepositories(stack).some((engine) => isImageOf(text, engine)))
      return `runs the engine image ${text}`;
  }
  if (isPinnedToTradingNodes(pod)) return `asks for nodes with ${NODE_LABEL.key}=${NODE_LABEL.value}`;
  if (toleratesTradingTaint(pod)) return `tolerates the taint ${NODE_TAINT.key} of the engines' nodes`;
  return undefined;
}

function containerLists(pod: Field): Field[] {
  return [pod.at("containers"), pod.at("initContainers"), pod.at("ephemeralContainers")];
}

/** Any label map with the engine's label, wherever the kind keeps its pods' labels. */
function labelSign(resource: Resource): string | undefined {
  for (const field of resource.inputs.walk()) {
    if (!field.path.endsWith("metadata")) continue;
    const labels = field.at("labels");
    if (labels.unknown) return "has unknown labels";
    if (!labels.present) continue;
    const label = labels.at(ENGINE_LABEL.key);
    if (label.unknown) return "has an unknown label";
    if (label.value === ENGINE_LABEL.value)
      return `carries the label ${ENGINE_LABEL.key}=${ENGINE_LABEL.value}`;
  }
  return undefined;
}

/** Whether an image is of a repository, given whole or as the part after the last slash. */
export function isImageOf(image: string, repository: string): boolean {
  const path = repositoryOf(image);
  return path === repository || path.endsWith(`/${repository}`);
}

function repositoryOf(image: string): string {
  const [withoutDigest = ""] = image.split("@");
  // A colon before the last slash is a registry's port.
  return withoutDigest.replace(/:[^:/]*$/, "");
}

function isPinnedToTradingNodes(pod: Field): boolean {
  const selector = pod.at("nodeSelector");
  if (!selector.unknown && selector.present && selector.at(NODE_LABEL.key).value === NODE_LABEL.value)
    return true;
  return [...pod.at("affinity", "nodeAffinity").walk()].some(
    (field) =>
      field.path.endsWith("]") && field.path.includes("matchExpressions[") && isTradingExpression(field),
  );
}

function isTradingExpression(expression: Field): boolean {
  if (typeof expression.value !== "object" || expression.at("key").value !== NODE_LABEL.key) return false;
  return (
    expression.at("values").present &&
    expression
      .at("values")
      .list()
      .some((value) => value.value === NODE_LABEL.value)
  );
}

function toleratesTradingTaint(pod: Field): boolean {
  const tolerations = pod.at("tolerations");
  if (tolerations.unknown) return true;
  return tolerations
    .list()
    .some((toleration) => !toleration.unknown && toleration.at("key").value === NODE_TAINT.key);
}

/** The pod template's spec. */
export function podOf(engine: Resource): Field {
  return engine.inputs.at("spec", "template", "spec");
}

/** The namespace of a Kubernetes resource, as the provider would choose it. */
export function namespaceOf(resource: Resource): string {
  const own = resource.inputs.at("metadata", "namespace").text();
  return own ?? resource.providerInput("namespace").text() ?? "default";
}

export function podLabels(engine: Resource): ReadonlyMap<string, string> {
  return engine.inputs.at("spec", "template", "metadata", "labels").texts();
}

/** One where the field is not set, as the API server does. */
export function replicasOf(engine: Resource): number {
  return engine.inputs.at("spec", "replicas").number() ?? 1;
}

/** Ordinals of an engine's pods, honouring `spec.ordinals.start`. */
export function ordinalsOf(engine: Resource): number[] {
  const start = engine.inputs.at("spec", "ordinals", "start").number() ?? 0;
  return Array.from({ length: replicasOf(engine) }, (_, index) => start + index);
}

/** Thirty seconds where the field is not set, as the API server does. */
export function graceOf(engine: Resource): number {
  return podOf(engine).at("terminationGracePeriodSeconds").number() ?? 30;
}

/** A plain input of the engine's component; not set for a StatefulSet that none of our components made. */
export function declared(engine: Resource, input: keyof EngineInputs): Field | undefined {
  return engine.within(TYPES.engine)?.inputs.at(input);
}
