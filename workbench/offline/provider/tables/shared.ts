import type { Model, ModelContext } from "../aws-type";
import type { ChangeRules } from "../diff";
import { hex } from "../identity";
import { isUnknown, type Properties } from "../values";

/** Where the field lists come from: the provider that @pulumi/aws 7.48 bridges. */
const SOURCE = "terraform-provider-aws v6, internal/service/";

/**
 * The lists of one type. `source` names the file and the function whose schema was read: its `ForceNew` attributes (or
 * `RequiresReplace` plan modifiers) are `replaces`, its other arguments are `updates`. Tags and the region argument are
 * the same everywhere: tags change in place, the region never does.
 */
export function rules(
  source: string,
  lists: Omit<ChangeRules, "source" | "updates" | "replaces"> & {
    readonly updates: readonly string[];
    readonly replaces: readonly string[];
  },
): ChangeRules {
  return {
    ...lists,
    source: `${SOURCE}${source}`,
    updates: [...lists.updates, "tags"],
    replaces: [...lists.replaces, "region"],
  };
}

/** An ARN in the simulated account and region. */
export function arn(service: string, { region, account }: ModelContext, resource: string): string {
  return `arn:aws:${service}:${region}:${account}:${resource}`;
}

/** An EC2 style id: the prefix and seventeen digits. */
export function ec2Id(prefix: string, { seed }: ModelContext): string {
  return `${prefix}-${hex(`${prefix}${seed}`, 17)}`;
}

/** The known text of an input, or an empty one: models run in previews too, where their values are thrown away. */
export function input(inputs: Properties, key: string): string {
  const value = inputs[key];
  return typeof value === "string" && !isUnknown(value) ? value : "";
}

/** The name that was given, or one from the prefix, as Terraform's own generator makes it. */
export function nameFrom({ inputs, seed }: ModelContext, field = "name", prefixField = "namePrefix"): string {
  const prefix = input(inputs, prefixField) || "terraform-";
  return input(inputs, field) || `${prefix}${hex(seed, 26)}`;
}

/** A plain EC2 object: id with prefix, ARN and owner. */
export function ec2Object(
  prefix: string,
  kind: string,
  extra?: (context: ModelContext, id: string) => Properties,
): (context: ModelContext) => Model {
  return (context) => {
    const id = ec2Id(prefix, context);
    const base = { arn: arn("ec2", context, `${kind}/${id}`), ownerId: context.account };
    return { id, outputs: { ...base, ...extra?.(context, id) } };
  };
}

/** An object without outputs of its own, whose id is made of its inputs. */
export function joined(separator: string, ...fields: readonly string[]): (context: ModelContext) => Model {
  return ({ inputs }) => ({ id: fields.map((field) => input(inputs, field)).join(separator), outputs: {} });
}
