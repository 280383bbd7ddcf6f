import { isDeepStrictEqual } from "node:util";
import { ANNOTATIONS } from "../../components/contract";
import { engines } from "../lib/engines";
import { type Field, MustBeKnown } from "../lib/field";
import { type Context, defineRule } from "../lib/rule";
import type { Resource } from "../lib/stack";

/** Fields whose change replaces the StatefulSet: `pulumi-kubernetes/provider/pkg/provider/diff.go`. */
const REPLACING = [
  "volumeClaimTemplates",
  "serviceName",
  "selector",
  "podManagementPolicy",
  "revisionHistoryLimit",
];

/**
 * A change of the claim templates, the Service name, the selector or the pod management replaces the StatefulSet, and
 * Pulumi deletes the old one first. With `orphan` the pods go on; the annotation counts on the version before the
 * change, so it must be there from the first day.
 *
 * @see https://github.com/pulumi/pulumi-kubernetes/pull/3011
 */
export const volumeTemplateFrozen = defineRule({
  name: "volume-template-frozen",
  description: "A replaced StatefulSet leaves its pods running, and keeps their names and volumes.",
  settings: {},
  defaults: {},
  subjects: engines,
  absent: "the stack has no engine",
  inspect: (engine, context) => {
    context.attempt(() => orphansPods(engine, context));
    context.attempt(() => keepsName(engine, context));
    context.attempt(() => replacesSafely(engine, context));
  },
});

function orphans(inputs: Field): Field {
  return inputs.at("metadata", "annotations", ANNOTATIONS.deletionPropagation);
}

function orphansPods(engine: Resource, { report }: Context<object>): void {
  const annotation = orphans(engine.inputs);
  if (annotation.text() === "orphan") return;
  report(annotation, {
    problem: 'must be "orphan"',
    because:
      "a change of volumeClaimTemplates, serviceName, selector or podManagementPolicy replaces the StatefulSet, and its deletion stops every engine at once",
    remedy: `deploy the annotation ${ANNOTATIONS.deletionPropagation}: orphan first, on its own, then the change`,
  });
}

function keepsName(engine: Resource, { report }: Context<object>): void {
  const name = engine.inputs.at("metadata", "name");
  if ((name.text() ?? "") === "") {
    report(name, {
      problem: "must be written out",
      because:
        "a generated name changes with every replacement, and the pods come back under new names with new, empty volumes",
      remedy: "set metadata.name",
    });
  }
  for (const key of ["name", "namespace"]) {
    const now = engine.inputs.at("metadata", key);
    const before = engine.previous?.at("metadata", key);
    if (before?.text() === undefined || before.text() === now.text()) continue;
    report(now, {
      problem: `was ${JSON.stringify(before.text())}`,
      because: "the pods come back elsewhere with new, empty volumes: logs, orders and positions stay behind",
      remedy: "keep it; to rename an engine, drain it, move its volumes, and declare a new one",
    });
  }
}

function replacesSafely(engine: Resource, { report }: Context<object>): void {
  if (engine.previous === undefined || orphans(engine.previous).text() === "orphan") return;
  for (const key of REPLACING) {
    const field = engine.inputs.at("spec", key);
    for (const below of field.walk()) if (below.unknown) throw new MustBeKnown(below);
    if (isDeepStrictEqual(field.value, engine.previous.at("spec", key).value)) continue;
    report(field, {
      problem: `changes, and the deployed StatefulSet does not carry ${ANNOTATIONS.deletionPropagation}: orphan`,
      because: "Pulumi replaces it by deleting the old one first, and every engine stops at once",
      remedy: "deploy the annotation on its own first, then the change",
    });
  }
}
