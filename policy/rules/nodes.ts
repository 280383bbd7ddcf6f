import type { Field } from "../lib/field";
import { autoScalingAccess, KMS_KEY, keyPolicyOf } from "../lib/key-policy";
import { LAUNCH_TEMPLATE, launchTemplatesOf, tradingGroups } from "../lib/node-groups";
import { type Context, defineRule } from "../lib/rule";
import type { Resource, Stack } from "../lib/stack";

/**
 * Engines hold positions: their nodes are not Spot, and EKS takes one at a time.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
 */
export const capacityOnDemand = defineRule({
  name: "capacity-on-demand",
  description: "Node groups of engines are on-demand and are updated one node at a time, never by force.",
  settings: {},
  defaults: {},
  subjects: tradingGroups,
  absent: "the stack has no node group for engines",
  inspect: (group, context) => {
    context.attempt(() => onDemand(group.inputs.at("capacityType"), context));
    context.attempt(() => oneAtATime(group.inputs.at("updateConfig"), context));
    context.attempt(() => unforced(group.inputs.at("forceUpdateVersion"), context));
    for (const template of launchTemplatesOf(group)) context.attempt(() => noMarket(template, context));
  },
});

const TWO_MINUTES = "AWS takes a Spot instance away after two minutes, with orders open";

function onDemand(capacity: Field, { report }: Context<object>): void {
  if (!capacity.present || ["ON_DEMAND", "CAPACITY_BLOCK"].includes(capacity.text() ?? "")) return;
  report(capacity, {
    problem: "must be ON_DEMAND",
    because: TWO_MINUTES,
    remedy: 'set capacityType: "ON_DEMAND"',
  });
}

function oneAtATime(update: Field, { report }: Context<object>): void {
  const percentage = update.at("maxUnavailablePercentage");
  const count = update.at("maxUnavailable");
  const byPercentage = percentage.number() !== undefined;
  if (!byPercentage && (count.number() ?? 1) === 1) return;
  report(byPercentage ? percentage : count, {
    problem: "must be one node at a time",
    because: "every further node that is updated at once is another market that goes dark at the same moment",
    remedy: "set updateConfig: { maxUnavailable: 1 }",
  });
}

function unforced(force: Field, { report }: Context<object>): void {
  if (force.boolean() !== true) return;
  report(force, {
    problem: "must not be set",
    because: "a forced update deletes engines that their disruption budget protects",
    remedy: "remove it, and find out what blocks the drain",
  });
}

function noMarket(template: Resource, { report }: Context<object>): void {
  const market = template.inputs.at("instanceMarketOptions", "marketType");
  if (market.text() !== "spot") return;
  report(market, {
    problem: "must not ask for Spot",
    because: TWO_MINUTES,
    remedy: "remove instanceMarketOptions",
  });
}

interface KeySettings {
  readonly trustedKeys: readonly string[];
}

/**
 * Auto Scaling launches the nodes: without use and grant of the key their root volumes cannot be made, and no node
 * comes up.
 *
 * @see https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
 */
export const nodeVolumesEncrypted = defineRule<KeySettings>({
  name: "node-volumes-encrypted",
  description: "Nodes' volumes are encrypted with a key of ours that Auto Scaling may use.",
  settings: {
    trustedKeys: {
      type: "array",
      items: { type: "string" },
      description: "ARNs of keys outside the stack whose policy was checked by hand.",
    },
  },
  defaults: { trustedKeys: [] },
  subjects: (stack) => [
    ...new Set([...stack.ofType(LAUNCH_TEMPLATE), ...tradingGroups(stack).filter(withoutTemplate)]),
  ],
  absent: "the stack has no launch template and no node group for engines",
  inspect: (subject, context) => {
    if (subject.type === LAUNCH_TEMPLATE) return inspectVolumes(subject, context);
    context.report(subject.inputs.at("launchTemplate"), {
      problem: "leads to no launch template of this stack",
      because: "EKS then makes the root volumes by the account's default, which may be unencrypted",
      remedy: "give the group a launch template with encrypted blockDeviceMappings",
    });
  },
});

function withoutTemplate(group: Resource): boolean {
  return launchTemplatesOf(group).length === 0;
}

function inspectVolumes(template: Resource, { stack, config, report, attempt }: Context<KeySettings>): void {
  const mappings = template.inputs.at("blockDeviceMappings");
  if (mappings.list().length === 0) {
    report(mappings, {
      problem: "names no volume",
      because: "the root volume then follows the image, which may be unencrypted",
      remedy: 'add { deviceName: "/dev/xvda", ebs: { encrypted: "true", kmsKeyId } }',
    });
  }
  for (const mapping of mappings.list()) {
    attempt(() => {
      const encrypted = mapping.at("ebs", "encrypted");
      if (encrypted.scalar() === "true") return;
      report(encrypted, {
        problem: 'must be "true"',
        because: "logs, core dumps and swapped memory of an engine would lie on an unencrypted disk",
        remedy: 'set ebs.encrypted: "true"',
      });
    });
    attempt(() => inspectKey(template, mapping.at("ebs", "kmsKeyId"), config.trustedKeys, { stack, report }));
  }
}

function inspectKey(
  template: Resource,
  reference: Field,
  trusted: readonly string[],
  { stack, report }: Pick<Context<object>, "stack" | "report">,
): void {
  if (!reference.present) {
    report(reference, {
      problem: "no key is named",
      because: "AWS's own key cannot be revoked, audited or shared with a recovery account",
      remedy: "set ebs.kmsKeyId to the ARN of the stack's volume key",
    });
    return;
  }
  const keys = template.trace("blockDeviceMappings", KMS_KEY);
  for (const key of keys) inspectKeyPolicy(key, stack, report);
  if (keys.length > 0 || (!reference.unknown && trusted.includes(reference.text() ?? ""))) return;
  report(reference, {
    problem: "leads to no key of this stack",
    because: "nobody checks that Auto Scaling may use it, and without that no node launches",
    remedy:
      "use a key that the stack makes, or list the ARN in trustedKeys of this rule's configuration once its policy was checked",
  });
}

function inspectKeyPolicy(key: Resource, stack: Stack, report: Context<object>["report"]): void {
  const policy = keyPolicyOf(key, stack);
  const place = policy.present ? key : policy;
  const { missingActions, grant } = autoScalingAccess(policy);
  if (missingActions.length > 0) {
    report(place, {
      problem: `its policy does not allow Auto Scaling's service-linked role ${missingActions.join(", ")}`,
      because: "the root volume cannot be made, and no node launches",
      remedy:
        "add the statement that lets …/AWSServiceRoleForAutoScaling use the key, in plain text with the account's number",
    });
  }
  if (grant === "conditional") return;
  report(place, {
    problem:
      grant === "missing"
        ? "its policy does not allow Auto Scaling's service-linked role kms:CreateGrant"
        : "its policy allows kms:CreateGrant without the condition kms:GrantIsForAWSResource",
    because:
      grant === "missing"
        ? "the root volume cannot be attached, and no node launches"
        : "the role could pass the key on to anybody",
    remedy: 'allow kms:CreateGrant with Condition {"Bool":{"kms:GrantIsForAWSResource":true}}',
  });
}

interface ImdsSettings {
  readonly maxHopLimit: number;
}

/**
 * Version 1 of the metadata service answers any request that a pod can be tricked into, with the node's credentials.
 *
 * @see https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
 */
export const imdsV2 = defineRule<ImdsSettings>({
  name: "imds-v2",
  description: "Instance metadata is by session token only, with a hop limit.",
  settings: {
    maxHopLimit: { type: "integer", minimum: 1, maximum: 64, description: "Largest accepted hop limit." },
  },
  // Two: the pods of the EBS CSI driver read the node's attach limit from instance metadata.
  defaults: { maxHopLimit: 2 },
  subjects: (stack) => stack.ofType(LAUNCH_TEMPLATE),
  absent: "the stack has no launch template",
  inspect: (template, { config, report, attempt }) => {
    const options = template.inputs.at("metadataOptions");
    if (options.at("httpEndpoint").text() === "disabled") return;
    attempt(() => {
      const tokens = options.at("httpTokens");
      if (tokens.text() === "required") return;
      report(tokens, {
        problem: "must be required",
        because: "a pod that can be made to fetch a URL then hands out the node's credentials",
        remedy: 'set metadataOptions.httpTokens: "required"',
      });
    });
    attempt(() => {
      const hops = options.at("httpPutResponseHopLimit");
      if ((hops.number() ?? 1) <= config.maxHopLimit) return;
      report(hops, {
        problem: `must be at most ${config.maxHopLimit}`,
        because: "metadata becomes reachable from networks behind the node",
        remedy: `set metadataOptions.httpPutResponseHopLimit: ${config.maxHopLimit}`,
      });
    });
  },
});
