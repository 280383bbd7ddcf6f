import type { Model, ModelContext } from "../aws-type";
import type { ChangeRules } from "../diff";
import { hex } from "../identity";
import { isUnknown, type Properties } from "../values";

const PROVIDER = "hashicorp/terraform-provider-aws internal/service/";

/**
 * A citation: the file under internal/service, the lines of its schema (and of the diff function that changes it), and
 * the stored copy that was read. No copy is certain to be the one that @pulumi/aws 7.48 bridges, whose source was not at
 * hand: a commit is named where the store named it, otherwise the copy is told apart by its length. An input that the
 * copy does not know yet goes to `unread`.
 */
export function read(file: string, lines: string, copy: string): string {
  return `${PROVIDER}${file}:${lines} (${copy})`;
}

/** The mark of lists that nobody compared with the source: types that this project's program does not register. */
export function fromMemory(file: string): string {
  return `from memory: ${PROVIDER}${file} was not read`;
}

/**
 * The lists of one type: `ForceNew` arguments (`RequiresReplace` plan modifiers in framework resources) are `replaces`,
 * other arguments are `updates`, outputs that a CustomizeDiff marks as unknown are `computedOnUpdate`. pulumi-aws adds
 * no ForceNew of its own to any of these types (pulumi/pulumi-aws provider/resource_overrides.go, a v7 copy of 71,596
 * characters). `common` are the arguments that the provider gives to many types alike: tags change in place; another
 * region makes another object (forceNewIfRegionChanges in the provider's region interceptor, which spares the one case
 * that no table can see, a change between no region and the provider's own).
 */
export function rules(
  source: string,
  lists: Omit<ChangeRules, "source">,
  common: readonly ("region" | "tags")[] = ["region", "tags"],
): ChangeRules {
  return {
    ...lists,
    source,
    updates: [...lists.updates, ...common.filter((field) => field === "tags")],
    replaces: [...lists.replaces, ...common.filter((field) => field === "region")],
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
