import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENGINE, expectedReference } from "../../../workbench/image/engine-image";
import { image } from "../../../workbench/image/oci";
import { compiled, sources } from "../../../workbench/image/program";
import { outdatedReferences, replaceReferences } from "../../../workbench/image/references";
import { type TarEntry, tar } from "../../../workbench/image/tar";
import { REPOSITORY } from "../../../workbench/offline/paths";

const LONG = `${"folder/".repeat(20)}file`;
const ENTRIES: readonly TarEntry[] = [
  { kind: "folder", path: "etc", mode: 0o755 },
  { kind: "file", path: "etc/name", mode: 0o640, data: Buffer.from("content\n") },
  { kind: "file", path: LONG, mode: 0o755, data: Buffer.alloc(513, "x") },
  { kind: "link", path: "link", target: "etc/name" },
];

describe("a tar archive", () => {
  it("is read by tar, with names, modes and contents", () => {
    const folder = mkdtempSync(join(tmpdir(), "tar-"));
    try {
      writeFileSync(join(folder, "a.tar"), tar(ENTRIES));
      execFileSync("tar", ["-xpf", "a.tar"], { cwd: folder });
      assert.equal(readFileSync(join(folder, "link"), "utf8"), "content\n");
      assert.equal(statSync(join(folder, "etc/name")).mode & 0o777, 0o640);
      assert.equal(readFileSync(join(folder, LONG)).length, 513);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("refuses a path that the format cannot hold", () => {
    const path = "x".repeat(101);
    assert.throws(() => tar([{ kind: "folder", path, mode: 0o755 }]), /too long for a tar archive/);
  });
});

describe("an image", () => {
  const spec = {
    layers: [tar(ENTRIES)],
    config: { entrypoint: ["/a"] },
    reference: (digest: string) => `r@${digest}`,
  };

  it("has the same digest for the same content, and another for any other", () => {
    const first = image(spec);
    assert.deepEqual(image(spec), first);
    assert.equal(first.reference, `r@${first.digest}`);
    assert.match(first.digest, /^sha256:[0-9a-f]{64}$/);
    assert.notEqual(image({ ...spec, config: { entrypoint: ["/b"] } }).digest, first.digest);
    assert.notEqual(image({ ...spec, layers: [tar(ENTRIES.slice(1))] }).digest, first.digest);
    // The name is not part of what the digest covers, or it could not hold it.
    assert.equal(image({ ...spec, reference: () => "other" }).digest, first.digest);
  });

  it("names in its index what it holds", () => {
    const { archive, digest, reference } = image(spec);
    const index = archive.toString("latin1");
    assert.ok(index.includes(`"io.containerd.image.name":"${reference}"`));
    assert.ok(index.includes(`blobs/${digest.replace(":", "/")}`));
  });
});

describe("the engine's image", () => {
  it("holds engine, exchange and risk client as JavaScript, each beside what it imports", () => {
    const entries = compiled(sources(ENGINE.programs));
    const paths = entries.map(({ path }) => path);
    for (const name of ["main", "exchange/main", "risk/main", "shell/engine"]) {
      assert.ok(paths.includes(`app/examples/engine/${name}.js`), name);
    }
    assert.deepEqual(paths, [...paths].sort());
    const main = entries.find(({ path }) => path === "app/examples/engine/main.js");
    assert.ok(main?.kind === "file" && main.data.toString().includes('require("./shell/engine")'));
  });

  it("needs no package: whatever a program imports is Node's own or beside it", () => {
    for (const entry of compiled(sources(ENGINE.programs))) {
      if (entry.kind !== "file") continue;
      for (const [, name = ""] of entry.data.toString().matchAll(/require\("([^"]+)"\)/g)) {
        assert.match(name, /^(node:|\.)/, `${entry.path} requires ${name}`);
      }
    }
  });

  it("is started as the user whom the stack's pods name", () => {
    assert.equal(ENGINE.config.user, "10001:10001");
  });
});

describe("references to an image", () => {
  const [old, now] = ["a", "b"].map((digit) => `registry.example.com/x@sha256:${digit.repeat(64)}`);

  it("are found when they name another digest, and replaced; other repositories are left alone", () => {
    const text = `image: ${old}\nother: registry.example.com/y@sha256:${"a".repeat(64)}\n`;
    assert.deepEqual(outdatedReferences(text, now ?? ""), [old]);
    const after = replaceReferences(text, now ?? "");
    assert.deepEqual(outdatedReferences(after, now ?? ""), []);
    assert.ok(after.includes(`y@sha256:${"a".repeat(64)}`));
  });
});

describe("the engine image's name", () => {
  it("follows from the pinned base layer, without Debian: it is the one that the stacks name", () => {
    const stack = readFileSync(join(REPOSITORY, "Pulumi.dev.yaml"), "utf8");
    assert.ok(stack.includes(expectedReference()), expectedReference());
  });
});
