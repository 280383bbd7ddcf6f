import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { hierarchies } from "../../../workbench/lab/real/cgroups";

describe("the cgroups of real nodes", () => {
  it("are looked for in every hierarchy of the machine, that of version 2 too: runc makes one in each", function () {
    const root = "/sys/fs/cgroup";
    if (!existsSync(root)) return this.skip();
    const all = readdirSync(root).filter((name) => existsSync(`${root}/${name}/cgroup.procs`));
    assert.deepEqual(hierarchies(), all);
  });
});
