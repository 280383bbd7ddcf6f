import assert from "node:assert/strict";
import { disksDetached } from "../../../workbench/small/disks";

describe("a drained node", () => {
  const attached = (...nodes: readonly string[]) => ({
    items: nodes.map((nodeName, index) => ({ metadata: { name: `csi-${index}` }, spec: { nodeName } })),
  });
  const clientOf = (...answers: readonly object[]) => {
    const left = [...answers];
    return { get: async () => (left.length > 1 ? left.shift() : left[0]) };
  };

  it("is kept until nothing is attached to it, whatever is attached to others", async () => {
    const said: string[] = [];
    const client = clientOf(attached("a", "a", "b"), attached("a", "b"), attached("b"));
    assert.equal(await disksDetached(client, "a", 10, (line) => said.push(line)), true);
    assert.deepEqual(said, ["a: 2 disks are still attached", "a: 1 disk is still attached"]);
  });

  it("is not kept for ever", async () => {
    assert.equal(await disksDetached(clientOf(attached("a")), "a", 0.1, () => {}), false);
  });
});
