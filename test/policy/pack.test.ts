import { rules } from "../../policy/rules";
import { goodStack } from "./fixtures/good";
import { passes } from "./support";

describe("the pack", () => {
  for (const rule of rules) it(`${rule.name} passes the good stack`, () => passes(rule, goodStack()));
});
