import type { Field } from "./field";
import type { Resource, Stack } from "./stack";

export const KMS_KEY = "aws:kms/key:Key";
const KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy";

/** Auto Scaling's service-linked role, with or without a custom suffix, in any partition. */
const AUTO_SCALING_ROLE =
  /:role\/aws-service-role\/autoscaling\.amazonaws\.com\/AWSServiceRoleForAutoScaling(_[\w+=,.@-]+)?$/;

/** What the role must be allowed for an encrypted root volume. */
export const USE_ACTIONS = [
  "kms:Encrypt",
  "kms:Decrypt",
  "kms:ReEncryptFrom",
  "kms:GenerateDataKeyWithoutPlaintext",
  "kms:DescribeKey",
];
export const GRANT_ACTION = "kms:CreateGrant";
const GRANT_CONDITION = "kms:GrantIsForAWSResource";

/** The policy of a key: a resource of its own, else the key's input. */
export function keyPolicyOf(key: Resource, stack: Stack): Field {
  const attached = stack.ofType(KEY_POLICY).find((policy) => policy.sources("keyId").includes(key));
  return (attached ?? key).inputs.at("policy");
}

/** What a key policy allows Auto Scaling's role. */
export interface RoleAccess {
  readonly missingActions: readonly string[];
  /** `unconditional`: allowed without the condition that limits the grant to AWS services. */
  readonly grant: "conditional" | "unconditional" | "missing";
}

/** Judges the statements one by one: what is unknown in one of them does not hide the others. */
export function autoScalingAccess(policy: Field): RoleAccess {
  const statements = oneOrMore(policy.json().at("Statement")).filter(allowsAutoScaling);
  const missingActions = USE_ACTIONS.filter(
    (action) => !statements.some((statement) => names(statement, action)),
  );
  const grants = statements.filter((statement) => names(statement, GRANT_ACTION));
  const conditional = grants.some(
    (statement) => statement.at("Condition", "Bool", GRANT_CONDITION).scalar() === "true",
  );
  return {
    missingActions,
    grant: conditional ? "conditional" : grants.length > 0 ? "unconditional" : "missing",
  };
}

function allowsAutoScaling(statement: Field): boolean {
  if (statement.at("Effect").text() !== "Allow") return false;
  const principal = statement.at("Principal");
  if (principal.unknown || typeof principal.value === "string") return false;
  return oneOrMore(principal.at("AWS")).some(
    (arn) => !arn.unknown && AUTO_SCALING_ROLE.test(arn.text() ?? ""),
  );
}

function names(statement: Field, action: string): boolean {
  return oneOrMore(statement.at("Action")).some(
    (pattern) => !pattern.unknown && matches(pattern.text() ?? "", action),
  );
}

/** IAM compares actions without regard to case and takes `*` for any text. */
function matches(pattern: string, action: string): boolean {
  const expression = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${expression}$`, "i").test(action);
}

/** IAM takes a single value wherever it takes a list. */
function oneOrMore(field: Field): Field[] {
  if (!field.present) return [];
  return Array.isArray(field.value) ? field.list() : [field];
}
