import type { Field } from "../lib/field";
import { type Context, defineRule } from "../lib/rule";
import type { Resource } from "../lib/stack";
import { stackResidency } from "../lib/stack-config";

interface Settings {
  readonly regions: readonly string[];
}

const AWS_PROVIDER = "pulumi:providers:aws";
const ARN = /arn:aws[\w-]*:[\w-]+:([a-z]{2}(?:-[a-z]+)+-\d):/g;
const ZONE = /^([a-z]{2}(?:-[a-z]+)+-\d)[a-z]$/;

/** Orders, positions and keys stay where the law or the firm wants them. */
export const allowedRegions = defineRule<Settings>({
  name: "allowed-regions",
  description: "Every AWS resource, ARN and zone is in a region that the environment allows.",
  settings: {
    regions: {
      type: "array",
      items: { type: "string" },
      description:
        "Allowed regions. When empty, the list residency.allowedRegions of the stack's own configuration counts.",
    },
  },
  defaults: { regions: [] },
  subjects: (stack) => stack.resources.filter(({ type }) => type.startsWith("aws:") || type === AWS_PROVIDER),
  absent: "the stack has no AWS resource",
  inspectAll: (subjects, context) => {
    const allowed = context.config.regions.length > 0 ? context.config.regions : stackResidency();
    if (allowed.length === 0) return reportNoList(subjects, context);
    for (const resource of subjects) inspectResource(resource, allowed, context);
  },
});

function reportNoList(subjects: readonly Resource[], { report }: Context<Settings>): void {
  for (const subject of subjects.slice(0, 1)) {
    report(subject, {
      problem: "no list of allowed regions is given",
      because: "nothing keeps orders and keys in the region where they must stay",
      remedy:
        "set residency.allowedRegions in Pulumi.<environment>.yaml, or regions in this rule's configuration",
    });
  }
}

function inspectResource(resource: Resource, allowed: readonly string[], context: Context<Settings>): void {
  context.attempt(() => inspectRegion(resource, allowed, context));
  for (const field of resource.inputs.walk()) {
    const { value } = field;
    if (typeof value !== "string") continue;
    const zone = /zone/i.test(field.path) ? ZONE.exec(value)?.[1] : undefined;
    const named = [...value.matchAll(ARN)].map(([, region = ""]) => region);
    for (const region of [...named, ...(zone === undefined ? [] : [zone])])
      check(field, region, allowed, context);
  }
}

/** The resource's own region, which AWS provider 7 lets each resource choose, else its provider's. */
function inspectRegion(resource: Resource, allowed: readonly string[], context: Context<Settings>): void {
  const own = resource.inputs.at("region");
  const field = own.present || resource.type === AWS_PROVIDER ? own : resource.providerInput("region");
  const region = field.text();
  if (region !== undefined) check(field, region, allowed, context);
  else
    context.report(field, {
      problem: "the region is not set",
      because: "the shell's own AWS_REGION then decides where orders and keys are kept",
      remedy: "set the region of the AWS provider from the configuration",
    });
}

function check(
  field: Field,
  region: string,
  allowed: readonly string[],
  { report }: Context<Settings>,
): void {
  if (allowed.includes(region)) return;
  report(field, {
    problem: `lies in ${region}, and only ${allowed.join(", ")} ${allowed.length === 1 ? "is" : "are"} allowed`,
    because: "orders, positions or keys would leave the regions in which they must stay",
    remedy: "use an allowed region, or have the list of regions changed by whoever answers for residency",
  });
}
