import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { UserError } from "../../workbench/offline/errors";
import { copyStackFile, flatConfig, merge } from "../../workbench/offline/stack-file";

describe("the copy of a stack file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-file-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("drops whose key encrypts, keeps its own salt, and hides what it cannot decrypt", () => {
    const source = join(folder, "Pulumi.prod.yaml");
    const content =
      "secretsprovider: awskms://alias/x\nencryptedkey: abc\nconfig:\n  a:b: 1\n  a:token:\n    secure: xyz\n";
    writeFileSync(source, content);
    const copy = copyStackFile(folder, "prod", join(folder, "state"));
    writeFileSync(copy, `${readFileSync(copy, "utf8")}encryptionsalt: v1:salt\n`);
    assert.equal(copyStackFile(folder, "prod", join(folder, "state")), copy);
    assert.deepEqual(parse(readFileSync(copy, "utf8")), {
      config: { "a:b": 1, "a:token": "offline-placeholder" },
      encryptionsalt: "v1:salt",
    });
    assert.equal(readFileSync(source, "utf8"), content);
    assert.deepEqual(flatConfig(copy, "trading"), { "a:b": "1", "a:token": "offline-placeholder" });
  });

  it("merges deeply, replaces lists and removes what is null", () => {
    const base = { config: { a: { x: 1, y: [1, 2] }, b: 1 } };
    assert.deepEqual(merge(base, { config: { a: { y: [3] }, b: null } }), {
      config: { a: { x: 1, y: [3] } },
    });
    assert.deepEqual(base, { config: { a: { x: 1, y: [1, 2] }, b: 1 } });
  });

  it("says which file is missing", () => {
    assert.throws(
      () => copyStackFile(folder, "nowhere", folder),
      (error) =>
        error instanceof UserError && /"nowhere": Pulumi\.nowhere\.yaml is missing/.test(error.message),
    );
  });
});
