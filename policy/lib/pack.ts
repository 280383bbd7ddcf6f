import type { StackValidationPolicy } from "@pulumi/policy";
import type { Collection } from "./collection";
import type { Rule } from "./rule";
import { recordVerdict } from "./verdicts";

/** A rule as a policy of the engine. */
export function asPolicy(rule: Rule, collection: Collection): StackValidationPolicy {
  return {
    name: rule.name,
    description: rule.description,
    enforcementLevel: rule.level,
    configSchema: rule.configSchema,
    validateStack: (args, reportViolation) => {
      const verdict = rule.evaluate(collection.view(args.resources), args.getConfig<object>());
      recordVerdict(rule.name, verdict);
      if (verdict.kind === "violation") {
        for (const violation of verdict.violations)
          reportViolation(violation.message, violation.urn === "" ? undefined : violation.urn);
      }
      if (verdict.kind === "not-applicable") args.notApplicable(verdict.reason);
    },
  };
}
