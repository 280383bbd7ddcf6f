import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { obstacle } from "../../workbench/conformance/image/open";
import { Program, until } from "../../workbench/conformance/process";
import { builtImage } from "../../workbench/image/engine-image";
import { type ImageConfig, image } from "../../workbench/image/oci";
import { type TarEntry, tar } from "../../workbench/image/tar";
import { program } from "./support";

const CONFORMANCE = program("workbench/conformance/cli.ts");
const ENGINE = { entrypoint: ["/engine"] } as const;

/** The conformance command on an image, as a person calls it: root, containerd and mounts are real. */
describe("the conformance of an image", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "conformance-test-"));
  // Everything temporary of the command is in there, so that what it leaves is seen.
  const temporary = join(folder, "tmp");
  before(function () {
    const reason = obstacle();
    if (reason !== undefined) {
      process.stdout.write(`  skipped: ${reason}\n`);
      this.skip();
    }
    mkdirSync(temporary);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const start = (...args: readonly string[]) => new Program([...CONFORMANCE, ...args], { TMPDIR: temporary });
  const conformance = async (...args: readonly string[]) => {
    const run = start(...args);
    const exit = await run.within(100_000);
    return { code: exit?.code, output: run.output };
  };
  const archive = (name: string, content: Buffer): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  const built = (entries: readonly TarEntry[], config: ImageConfig): Buffer =>
    image({ layers: [tar(entries)], config, reference: () => "registry.example.com/broken:1" }).archive;
  const nothingIsLeft = (): void => {
    // The compiler of the test's own start command keeps a cache.
    const left = readdirSync(temporary).filter((name) => !name.startsWith("v8-compile-cache"));
    assert.deepEqual(left, []);
    assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(temporary), "a mount is left");
  };

  it("of the reference engine's own passes lines that stop, trace, starve and kill it, and nothing is left", async () => {
    const { file } = await builtImage(() => {});
    const lines = ["sigterm-cancels", "recovers", "volume-full", "synced-before-sent", "lease-deadline"];
    const { code, output } = await conformance("--only", lines.join(","), file);
    assert.equal(code, 0, output);
    assert.match(output, /starts \/usr\/local\/bin\/node .*main\.js as user 10001\n/);
    assert.match(output, /declare cancelOrders \+ confirmations \+ flush ≥ [1-4] s/i);
    nothingIsLeft();
  });

  it("reads what docker save writes, with a file that an upper layer took away", async () => {
    const lower = tar([
      { kind: "folder", path: "app", mode: 0o755 },
      { kind: "folder", path: "app/engine", mode: 0o755 },
    ]);
    const upper = tar([{ kind: "file", path: "app/.wh.engine", mode: 0o644, data: Buffer.alloc(0) }]);
    const file = archive("docker.tar", docker([lower, upper]));
    const { code, output } = await conformance("--only", "own-markets", file);
    assert.equal(code, 1, output);
    // A folder that were still there would be refused as no program.
    assert.match(output, /failed to execute \/app\/engine: No such file/);
    assert.match(output, /as user 10001, as the stack's pods do, though the image says root/);
    nothingIsLeft();
  });

  it("is interrupted without a trace", async () => {
    const { file } = await builtImage(() => {});
    const run = start("--only", "bounded-drain,own-markets", file);
    await until("the first engine", 60_000, () => run.output.includes("as user 10001"));
    run.signal("SIGINT");
    assert.equal((await run.within(10_000))?.code, 130, run.output);
    nothingIsLeft();
  });

  for (const [what, content, words] of [
    [
      "no archive",
      () => Buffer.from("not a tar"),
      /is no image that can be started: it is neither an OCI layout nor/,
    ],
    ["an archive of something else", () => tar([]), /neither an OCI layout nor what docker save writes/],
    [
      "an image with nothing to start",
      () => built([], { entrypoint: [] }),
      /neither an entrypoint nor a command/,
    ],
    [
      "an image whose /data is a link",
      () => built([{ kind: "link", path: "data", target: "/" }], ENGINE),
      /its \/data is a link/,
    ],
  ] as const) {
    it(`refuses ${what} in one sentence`, async () => {
      const { code, output } = await conformance("--image", archive("bad", content()));
      assert.equal(code, 2, output);
      assert.match(output.trim(), words);
      assert.equal(output.trim().split("\n").length, 1, output);
      nothingIsLeft();
    });
  }

  it("refuses a file that is not there in one sentence", async () => {
    const { code, output } = await conformance(join(folder, "missing.tar"));
    assert.equal(code, 2, output);
    assert.match(output, /^there is no file .*missing\.tar: name the image's archive\.\n$/);
  });
});

/** An archive as `docker save` wrote it before it knew OCI. */
function docker(layers: readonly Buffer[]): Buffer {
  const config = {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { Cmd: ["/app/engine"], WorkingDir: "/app" },
    rootfs: { type: "layers", diff_ids: layers.map(digest) },
  };
  const file = (path: string, data: Buffer | string) =>
    ({ kind: "file", path, mode: 0o644, data: Buffer.from(data) }) as const;
  const names = layers.map((_, index) => `${index}/layer.tar`);
  return tar([
    ...layers.map((layer, index) => file(names[index] ?? "", layer)),
    file("config.json", JSON.stringify(config)),
    file("manifest.json", JSON.stringify([{ Config: "config.json", RepoTags: ["engine:1"], Layers: names }])),
  ]);
}

function digest(layer: Buffer): string {
  return `sha256:${createHash("sha256").update(layer).digest("hex")}`;
}
