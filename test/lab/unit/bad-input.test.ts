import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drillMain } from "../../../workbench/lab/drill/cli";
import { inWords } from "../../../workbench/lab/faults";
import { kubeconfig } from "../../../workbench/lab/kubeconfig";
import { labFolder } from "../../../workbench/lab/paths";
import { takesOverlay } from "../../../workbench/lab/real/snapshotter";
import { requirePorts, up } from "../../../workbench/lab/up";
import { parseArguments } from "../../../workbench/offline/arguments";
import { UserError } from "../../../workbench/offline/errors";
import { acquireLock } from "../../../workbench/offline/lock";
import { requirePulumi } from "../../../workbench/offline/pulumi-binary";
import { targetOf } from "../../../workbench/offline/target";
import { onPath } from "../../../workbench/support/on-path";

const isRoot = process.getuid?.() === 0;
const says = (pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n");
const quietly = { say: () => {}, signal: new AbortController().signal };

describe("a machine on which the lab cannot be", () => {
  let root: string;
  const { PATH, XDG_CACHE_HOME } = process.env;
  const getuid = process.getuid;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "bad-"));
  });
  afterEach(() => {
    Object.assign(process.env, { PATH });
    if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
    if (getuid !== undefined) process.getuid = getuid;
    rmSync(root, { recursive: true, force: true });
  });

  const lab = () => labFolder(join(root, "lab"));
  // Programs that are there, and nothing else.
  const only = (...programs: readonly string[]): void => {
    const folder = join(root, "path");
    mkdirSync(folder);
    for (const name of programs) symlinkSync(onPath(name) ?? name, join(folder, name));
    process.env.PATH = folder;
    process.env.XDG_CACHE_HOME = join(root, "cache");
  };
  const nothingIsLeft = (): void => {
    assert.equal(existsSync(lab().root), false);
    assert.equal(existsSync(lab().lock), false);
  };

  it("has no Go, and nothing is built yet", async () => {
    only("openssl");
    await assert.rejects(
      up(lab(), { command: "up" }, quietly),
      says(/^Go is not on PATH, and (etcd|Kubernetes) .* Install Go 1\.26/),
    );
    assert.deepEqual(readdirSync(join(root, "cache/trading-stack/bin")), [], "not even a lock");
    assert.throws(requirePulumi, says(/neither pulumi .* nor Go is on PATH/));
    nothingIsLeft();
  });

  it("has no openssl", async () => {
    only();
    await assert.rejects(up(lab(), { command: "up" }, quietly), says(/^openssl is not on PATH/));
    nothingIsLeft();
  });

  it("is not ours: real nodes and drills say so, and what works without root", async () => {
    process.getuid = () => 1000;
    await assert.rejects(
      up(lab(), { command: "up", real: { "eu-central-1a": 1 } }, quietly),
      says(/^real nodes need root.*the lab works for everybody: leave --real out/),
    );
    await assert.rejects(
      drillMain(["--state", lab().root], quietly.say),
      says(
        /^a drill breaks real nodes, and real nodes need root.*drill --list.*lab -- up makes a lab with simulated nodes/,
      ),
    );
    nothingIsLeft();
  });

  it("has a full disk: said before anything is built, and in words wherever it shows", async function () {
    if (!isRoot) this.skip();
    const place = join(root, "full");
    mkdirSync(place);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place]);
    try {
      const full = labFolder(join(place, "lab"));
      await assert.rejects(
        up(full, { command: "up" }, quietly),
        says(/^the disk of .*full\/lab is full: the lab needs 512 MiB and 1 are free/),
      );
      assert.deepEqual(readdirSync(place), []);
      writeFileSync(join(place, "filler"), Buffer.alloc(2 ** 20));
      const refused = await acquireLock(full.lock, { waitMilliseconds: 0, onWait: () => {} }).catch(
        (error) => error,
      );
      assert.ok(
        says(/^the disk of .*full\/lab is full: make room, or use --state DIR/)(inWords(refused, full)),
      );
      assert.deepEqual(readdirSync(place), ["filler"]);
    } finally {
      execFileSync("umount", [place]);
    }
  });

  it("took a port of a lab that did not run", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const ports = { api: port, etcd: port, etcdPeer: port };
    try {
      for (const name of ["etcd", "kube-apiserver"] as const) {
        await assert.rejects(
          requirePorts(name, { ports }, lab()),
          says(
            new RegExp(`^port ${port} of the lab in .* is taken by another process now\\. End that one, or`),
          ),
        );
      }
      await requirePorts("kwok", { ports }, lab());
      // An address that this machine does not have cannot be listened at either.
      const real = { subnet: 1, cpuManager: "none", zones: {} } as const;
      await assert.rejects(
        requirePorts("coredns", { ports, real }, lab()),
        says(/^port 53 of the lab in .* is taken .* or leave --real out\.$/),
      );
    } finally {
      server.close();
    }
  });

  it("has a stale lab: its files, and no process", async () => {
    mkdirSync(lab().root);
    const access = { server: "https://127.0.0.1:1", authority: "", certificate: "", key: "" };
    writeFileSync(lab().kubeconfig, kubeconfig(access));
    const options = parseArguments(["up", "--stack", "dev", `--lab=${lab().root}`]);
    assert.ok(options.command !== "help");
    await assert.rejects(
      targetOf(options, root),
      says(/^the lab in .* does not run: .*lab -- up, starts it again/),
    );
    writeFileSync(lab().settings, JSON.stringify({ layout: 1 }));
    await assert.rejects(up(lab(), { command: "up" }, quietly), says(/another version.*lab -- down/));
  });

  it("takes no overlay mounts: seen by trying, and nothing of the trial is left", async () => {
    const fake = join(root, "path");
    mkdirSync(fake);
    writeFileSync(join(fake, "mount"), "#!/bin/sh\nexit 32\n");
    chmodSync(join(fake, "mount"), 0o755);
    process.env.PATH = `${fake}:${PATH}`;
    assert.equal(await takesOverlay(root), false);
    assert.deepEqual(readdirSync(root), ["path"]);
  });
});

describe("a fault that is not of the machine", () => {
  it("keeps its stack trace, and a sentence stays as it is", () => {
    const fault = new TypeError("a bug");
    const sentence = new UserError("EACCES is only a word here.");
    assert.equal(inWords(fault, { root: "/lab" }), fault);
    assert.equal(inWords(sentence, { root: "/lab" }), sentence);
    const denied = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    assert.ok(says(/^the lab cannot be kept in \/lab .*--state DIR/)(inWords(denied, { root: "/lab" })));
  });
});
