import { PolicyPack } from "@pulumi/policy";
import { Collection, collector } from "./lib/collection";
import { asPolicy } from "./lib/pack";
import { previousInputs } from "./lib/previous-state";
import { rules } from "./rules";

const collection = new Collection(previousInputs());

new PolicyPack("trading-policies", {
  enforcementLevel: "mandatory",
  policies: [collector(collection), ...rules.map((rule) => asPolicy(rule, collection))],
});
