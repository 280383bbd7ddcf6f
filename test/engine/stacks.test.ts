import assert from "node:assert/strict";
import { execa } from "execa";
import { remarks, rules } from "../../policy/rules";
import { NODE_VERSIONS, nodeBinary } from "../support/node-versions";
import { explain, withStack, withVerdicts } from "./support";

const STACKS = ["dev", "staging", "prod", "local"] as const;
/** What only the owner of nodes, keys and regions can be asked: not applicable on somebody else's cluster. */
const AWS_ONLY = [
  "allowed-regions",
  "capacity-on-demand",
  "imds-v2",
  "network-policy-enforced",
  "node-volumes-encrypted",
];

for (const major of ["20", "22", "24"] as const)
  describe(`every stack file on Node ${major}`, () => {
    before(async () => {
      const binary = await nodeBinary(major);
      const { stdout } = await execa(binary, ["--version"]);
      assert.equal(stdout, `v${NODE_VERSIONS[major]}`);
      process.env["TRADING_NODE"] = binary;
    });
    after(() => {
      delete process.env["TRADING_NODE"];
    });

    for (const stack of STACKS)
      it(`${stack} previews, new, with a verdict of every rule`, () =>
        withStack({ stack }, async (engine) => {
          const [preview, verdicts] = await withVerdicts(() => engine.preview());
          assert.equal(preview.exitCode, 0, explain(preview));
          assert.deepEqual(preview.violations, []);
          assert.deepEqual(
            verdicts.map(({ rule }) => rule),
            [...rules, ...remarks].map(({ name }) => name),
          );
          const silent = verdicts.filter(({ verdict }) => verdict !== "pass").map(({ rule }) => rule);
          assert.deepEqual(silent.sort(), stack === "local" ? AWS_ONLY : []);
        }));
  });
