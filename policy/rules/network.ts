import { defineRule } from "../lib/rule";
import type { Resource, Stack } from "../lib/stack";

const NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
const ADDON = "aws:eks/addon:Addon";
const CLUSTER = "eks:index:Cluster";
const CNI_ADDON = "eks:index:VpcCniAddon";

/**
 * The VPC CNI stores NetworkPolicies and ignores them until its agent is switched on: the manifest then reads like
 * protection and is none.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
 */
export const networkPolicyEnforced = defineRule({
  name: "network-policy-enforced",
  description: "NetworkPolicies are only deployed to a cluster that enforces them.",
  settings: {},
  defaults: {},
  // Somebody else's cluster has a network of somebody else's choice.
  subjects: (stack) => (stack.ownsCluster ? stack.ofType(NETWORK_POLICY) : []),
  absent: "the stack has no NetworkPolicy on a cluster of its own",
  inspectAll: (policies, { stack, report }) => {
    if (enforcers(stack).some(enforces)) return;
    const [addon] = enforcers(stack);
    for (const policy of policies) {
      report(policy, {
        problem:
          addon === undefined
            ? "the stack has no vpc-cni add-on that would enforce it"
            : `${addon.label} does not enforce it: enableNetworkPolicy is not "true"`,
        because: "the policy is stored and ignored, and every pod of the cluster can reach the engine",
        remedy: 'set configurationValues of the vpc-cni add-on to {"enableNetworkPolicy":"true"}',
      });
    }
  },
});

function enforcers(stack: Stack): Resource[] {
  const addons = stack.ofType(ADDON).filter(({ inputs }) => inputs.at("addonName").text() === "vpc-cni");
  return [
    ...addons,
    ...stack.ofType(CNI_ADDON),
    ...stack.ofType(CLUSTER).filter(({ inputs }) => inputs.at("vpcCniOptions").present),
  ];
}

function enforces({ type, inputs }: Resource): boolean {
  if (type === CLUSTER) return inputs.at("vpcCniOptions", "enableNetworkPolicy").scalar() === "true";
  if (type === CNI_ADDON) return inputs.at("enableNetworkPolicy").scalar() === "true";
  const values = inputs.at("configurationValues");
  return values.present && values.json().at("enableNetworkPolicy").scalar() === "true";
}
