import { engines, STATEFUL_SET } from "../lib/engines";
import type { Field } from "../lib/field";
import { LAUNCH_TEMPLATE, NODE_GROUP, tradingGroups } from "../lib/node-groups";
import { tradingTemplates } from "../lib/node-plan";
import { type Context, defineRule } from "../lib/rule";
import type { Resource, Stack } from "../lib/stack";

interface Settings {
  /** Type token → paths, with dots; `[]` for every element of a list. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

const NEEDED: Settings["fields"] = {
  [STATEFUL_SET]: [
    "metadata.name",
    "metadata.namespace",
    "metadata.annotations",
    "spec.replicas",
    "spec.ordinals",
    "spec.serviceName",
    "spec.selector",
    "spec.podManagementPolicy",
    "spec.volumeClaimTemplates",
    "spec.template.metadata.labels",
    "spec.template.spec.terminationGracePeriodSeconds",
    "spec.template.spec.nodeSelector",
    "spec.template.spec.affinity",
    "spec.template.spec.tolerations",
    "spec.template.spec.topologySpreadConstraints",
    "spec.template.spec.containers[].image",
    "spec.template.spec.containers[].resources",
    "spec.template.spec.containers[].lifecycle",
  ],
  "kubernetes:policy/v1:PodDisruptionBudget": ["metadata.namespace", "spec"],
  "kubernetes:storage.k8s.io/v1:StorageClass": [
    "metadata.name",
    "provisioner",
    "reclaimPolicy",
    "volumeBindingMode",
    "allowVolumeExpansion",
  ],
  [NODE_GROUP]: [
    "capacityType",
    "instanceTypes",
    "labels",
    "taints",
    "scalingConfig",
    "updateConfig",
    "amiType",
    "releaseVersion",
  ],
  [LAUNCH_TEMPLATE]: ["metadataOptions", "cpuOptions", "imageId"],
};

/**
 * What is unknown cannot be reviewed: a pull request shows `output<string>`, and the rule that would have refused the
 * value has nothing to look at.
 */
export const mustBeKnownInPreview = defineRule<Settings>({
  name: "must-be-known-in-preview",
  description: "The fields on which engines' safety rests are plain values in every preview.",
  settings: {
    fields: {
      type: "object",
      additionalProperties: { type: "array", items: { type: "string" } },
      description: "Type token → paths with dots, `[]` for every element of a list.",
    },
  },
  defaults: { fields: NEEDED },
  subjects: (stack, { fields }) =>
    stack.resources.filter((resource) => resource.type in fields && concerns(resource, stack)),
  absent: "the stack has none of the resources whose fields must be known",
  inspect: (resource, context) => {
    for (const path of context.config.fields[resource.type] ?? []) {
      for (const field of find(resource.inputs, path.split("."))) inspectField(field, context);
    }
  },
});

/** Workloads and nodes of others may be as unknown as they like. */
function concerns(resource: Resource, stack: Stack): boolean {
  switch (resource.type) {
    case STATEFUL_SET:
      return engines(stack).includes(resource);
    case NODE_GROUP:
      return tradingGroups(stack).includes(resource);
    case LAUNCH_TEMPLATE:
      return tradingTemplates(stack).includes(resource);
    default:
      return true;
  }
}

function find(field: Field, [step, ...rest]: readonly string[]): Field[] {
  if (step === undefined || field.unknown) return [field];
  if (!step.endsWith("[]")) return find(field.at(step), rest);
  const list = field.at(step.slice(0, -2));
  return list.unknown ? [list] : list.list().flatMap((element) => find(element, rest));
}

function inspectField(root: Field, { report }: Context<Settings>): void {
  for (const field of root.walk()) {
    if (!field.unknown) continue;
    report(field, {
      problem: "must be known in preview",
      because: "neither a reviewer nor a rule can judge a value that only exists after the deployment",
      remedy: "write it as a plain value from the configuration instead of another resource's output",
    });
  }
}
