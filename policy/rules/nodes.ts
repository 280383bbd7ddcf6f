import type { Field } from "../lib/field";
import { launchTemplatesOf, tradingGroups } from "../lib/node-groups";
import { type Context, defineRule } from "../lib/rule";
import type { Resource } from "../lib/stack";

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

function onDemand(capacity: Field, { report }: Context<object>): void {
  if (!capacity.present || ["ON_DEMAND", "CAPACITY_BLOCK"].includes(capacity.text() ?? "")) return;
  report(capacity, {
    problem: "must be ON_DEMAND",
    because: "AWS takes a Spot instance away after two minutes, with orders open",
    remedy: 'set capacityType: "ON_DEMAND"',
  });
}

function oneAtATime(update: Field, { report }: Context<object>): void {
  const percentage = update.at("maxUnavailablePercentage");
  const count = update.at("maxUnavailable");
  if (!percentage.present && (count.number() ?? 1) === 1) return;
  report(percentage.present ? percentage : count, {
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
  if (!market.present || market.text() !== "spot") return;
  report(market, {
    problem: "must not ask for Spot",
    because: "AWS takes a Spot instance away after two minutes, with orders open",
    remedy: "remove instanceMarketOptions",
  });
}
