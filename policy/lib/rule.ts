import type { EnforcementLevel, PolicyConfigSchema } from "@pulumi/policy";
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import { Field, Malformed, MustBeKnown } from "./field";
import type { Resource, Stack } from "./stack";

/** What is wrong, why it hurts and what to do, as three clauses without a full stop. */
export interface Finding {
  readonly problem: string;
  readonly because: string;
  readonly remedy: string;
  /** Leaves the value out of the message. */
  readonly secret?: boolean;
}

export interface Violation {
  readonly urn: string;
  readonly message: string;
}

/** How a rule ended on one stack. There is no fourth way. */
export type Verdict =
  | { readonly kind: "pass"; readonly resources: readonly string[] }
  | {
      readonly kind: "violation";
      readonly resources: readonly string[];
      readonly violations: readonly Violation[];
    }
  | { readonly kind: "not-applicable"; readonly reason: string };

/** What a rule's checks work with. */
export interface Context<Config extends object> {
  readonly stack: Stack;
  readonly config: Config;
  report(at: Field | Resource, finding: Finding): void;
  /** Runs a check on its own: an unknown or malformed value that it meets is a violation, and the next check runs. */
  attempt(check: () => void): void;
}

/** JSON schema of each setting; defaults are apart, so that a rule can also be run without an engine. */
type Settings<Config extends object> = { readonly [Key in keyof Config]: PolicyConfigJSONSchema };

export interface RuleDefinition<Config extends object> {
  readonly name: string;
  /** One sentence: what holds when the rule passes. */
  readonly description: string;
  readonly level?: EnforcementLevel;
  readonly settings: Settings<Config>;
  readonly defaults: Config;
  /** The resources that the rule is about. */
  subjects(stack: Stack, config: Config): readonly Resource[];
  /** Why the rule is not applicable to a stack without subjects. */
  readonly absent: string;
  inspect?(subject: Resource, context: Context<Config>): void;
  /** For what concerns several subjects together. */
  inspectAll?(subjects: readonly Resource[], context: Context<Config>): void;
}

/** A rule, ready to be run on a stack with the settings of a policy config file. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  readonly level: EnforcementLevel;
  readonly configSchema: PolicyConfigSchema;
  evaluate(stack: Stack, config?: object): Verdict;
}

export function defineRule<Config extends object>(definition: RuleDefinition<Config>): Rule {
  const { name, description, level = "mandatory" } = definition;
  return {
    name,
    description,
    level,
    configSchema: configSchema(definition),
    evaluate: (stack, config = {}) => evaluate(definition, stack, { ...definition.defaults, ...config }),
  };
}

function configSchema<Config extends object>({
  settings,
  defaults,
}: RuleDefinition<Config>): PolicyConfigSchema {
  const properties: Record<string, PolicyConfigJSONSchema> = {};
  for (const key in settings) {
    const standard: unknown = defaults[key];
    const value = isJson(standard) ? { default: standard } : {};
    properties[key] = { ...settings[key], ...value };
  }
  return { properties };
}

function isJson(value: unknown): value is object | string | number | boolean {
  return ["object", "string", "number", "boolean"].includes(typeof value);
}

function evaluate<Config extends object>(
  definition: RuleDefinition<Config>,
  stack: Stack,
  config: Config,
): Verdict {
  const violations: Violation[] = [];
  const report: Context<Config>["report"] = (at, finding) => {
    violations.push({ urn: at instanceof Field ? at.owner.urn : at.urn, message: message(at, finding) });
  };
  const attempt = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (error instanceof MustBeKnown) report(error.field, mustBeKnown(definition.name));
      else if (error instanceof Malformed) report(error.field, malformed(definition.name, error.expected));
      // A fault of ours must neither pass nor take the other rules' verdicts along.
      else
        violations.push({
          urn: "",
          message: `${definition.name} could not be judged: ${String(error)}. Report this as a fault of the policy pack.`,
        });
    }
  };
  const context: Context<Config> = { stack, config, report, attempt };
  let subjects: readonly Resource[] = [];
  attempt(() => {
    subjects = definition.subjects(stack, config);
  });
  for (const subject of subjects) attempt(() => definition.inspect?.(subject, context));
  if (subjects.length > 0) attempt(() => definition.inspectAll?.(subjects, context));

  const resources = subjects.map((subject) => subject.urn);
  if (violations.length > 0) return { kind: "violation", resources, violations: unique(violations) };
  return resources.length > 0
    ? { kind: "pass", resources }
    : { kind: "not-applicable", reason: definition.absent };
}

function mustBeKnown(rule: string): Finding {
  return {
    problem: "must be known in preview",
    because: `${rule} cannot vouch for a value that only exists after the deployment`,
    remedy: "write it as a plain value from the configuration instead of another resource's output",
  };
}

function malformed(rule: string, expected: string): Finding {
  return {
    problem: `must be ${expected}`,
    because: `${rule} cannot judge it otherwise`,
    remedy: `write it as ${expected}`,
  };
}

function message(at: Field | Resource, { problem, because, remedy, secret = false }: Finding): string {
  const place = at instanceof Field ? (secret ? at.place : at.describe()) : at.label;
  return `${place}: ${problem}; ${because}. Remedy: ${remedy}.`;
}

/** One fault met by two checks is told once. */
function unique(violations: readonly Violation[]): Violation[] {
  return [
    ...new Map(violations.map((violation) => [`${violation.urn} ${violation.message}`, violation])).values(),
  ];
}
