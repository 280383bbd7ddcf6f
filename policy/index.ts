import { PolicyPack } from "@pulumi/policy";
import { Collection, collector } from "./lib/collection";
import { asPolicy } from "./lib/pack";
import { previousInputs } from "./lib/previous-state";
import { remarks, rules } from "./rules";

const collection = new Collection(previousInputs());

new PolicyPack("trading-policies", {
  enforcementLevel: "mandatory",
  policies: [collector(collection), ...[...rules, ...remarks].map((rule) => asPolicy(rule, collection))],
});
