import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { type NodeProfile, planNode, readUserData, renderUserData } from "../../../tuning";
import { readBoothook, renderBoothook } from "../../../tuning/boothook";

/** What the scripts do in all their branches is in `test/node/*.bats`; here, that user data brings them to a node. */

const NODE_TESTS = join(__dirname, "..", "..", "node");
const SCRIPTS = join(__dirname, "..", "..", "..", "tuning", "node", "bundle");

/** A machine of `test/node/machines.txt` that boots: its command line, its disk, and what was called. */
class Node {
  readonly root = mkdtempSync(join(tmpdir(), "boothook-"));
  private readonly fake = join(this.root, "fake");

  constructor(type: string) {
    this.run("bash", [
      "-c",
      '. "$1/machine.bash" && machine "$2" "$3"',
      "machine",
      NODE_TESTS,
      type,
      this.root,
    ]);
    this.write("fake/entry", this.read("proc/cmdline"));
    this.write("etc/default/grub", 'GRUB_CMDLINE_LINUX="console=ttyS0"\n');
  }

  /** Boots with what the boot entry says and runs the script; true when the machine goes down again. */
  boot(script: string, path = `${NODE_TESTS}/fakes`): boolean {
    this.write("proc/cmdline", this.read("fake/entry"));
    this.write("fake/calls", "");
    this.write("fake/boothook", script);
    chmodSync(join(this.fake, "boothook"), 0o755);
    this.run(join(this.fake, "boothook"), [], path);
    return this.read("fake/calls").includes("reboot");
  }

  state(): string {
    return this.read("var/lib/trading-tune/boothook.state");
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  private run(command: string, args: readonly string[], path = ""): void {
    const done = spawnSync(command, args, {
      env: { PATH: `${path}:${process.env["PATH"] ?? ""}`, TRADING_ROOT: this.root, FAKE: this.fake },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    assert.equal(done.status, 0, done.stderr);
    assert.equal(done.stderr, "");
  }
}

describe("boot hook", () => {
  let node: Node;
  const started = (type: string) => {
    node = new Node(type);
    return node;
  };
  afterEach(() => rmSync(node.root, { recursive: true, force: true }));

  for (const type of ["c7i.4xlarge", "c8g.4xlarge", "m5zn.metal"]) {
    it(`brings a ${type} to its plan by one reboot`, () => {
      started(type);
      const script = scriptFor("balanced", type);
      assert.equal(node.boot(script), true);
      assert.match(node.state(), /^state=rebooting\nreason=missing isolcpus=managed_irq,/);
      assert.equal(node.boot(script), false);
      assert.equal(node.state(), "state=converged\nreason=kernel command line is as planned\n");
      const planned = planFor("balanced", type).kernelArguments.join(" ");
      assert.ok(node.read("fake/entry").endsWith(` console=ttyS0 ${planned}\n`));
      assert.equal(node.read("etc/default/grub"), `GRUB_CMDLINE_LINUX="console=ttyS0 ${planned}"\n`);
    });
  }

  it("puts every script in place, and nothing beside them", () => {
    started("c7i.2xlarge").boot(scriptFor("balanced", "c7i.2xlarge"));
    const installed = join(node.root, "usr/local/lib/trading-tune");
    assert.deepEqual(readdirSync(installed).sort(), readdirSync(SCRIPTS).sort());
    assert.ok(!existsSync(`${installed}.new`));
  });

  it("writes the kubelet's drop-in as the user data says it", () => {
    started("c7i.4xlarge").boot(scriptFor("balanced"));
    const { dropIn } = readUserData(renderUserData(planFor("balanced"), { kind: "merge" }));
    assert.deepEqual(parse(node.read("etc/eks/nodeadm.d/50-trading.yaml")), dropIn);
  });

  it("leaves an untuned node in mode off alone", () => {
    assert.equal(started("m7i.xlarge").boot(scriptFor("off", "m7i.xlarge")), false);
    assert.equal(node.read("fake/calls"), "");
    assert.equal(node.read("etc/default/grub"), 'GRUB_CMDLINE_LINUX="console=ttyS0"\n');
  });

  it("fails in words, with the kubelet's part in place, where the scripts cannot be unpacked", () => {
    started("c7i.4xlarge");
    node.write("fake/bin/gzip", "#!/bin/bash\nexit 1\n");
    chmodSync(join(node.root, "fake/bin/gzip"), 0o755);
    assert.equal(node.boot(scriptFor("balanced"), `${node.root}/fake/bin:${NODE_TESTS}/fakes`), false);
    assert.match(node.read("run/trading-tune/status.json"), /"result":"FAIL".*could not be unpacked/);
    assert.match(node.read("etc/eks/nodeadm.d/50-trading.yaml"), /reservedSystemCPUs: "0,8"/);
  });
});

describe("boot hook text", () => {
  const data = { settings: { KERNEL_ARGUMENTS: ["a=1"] }, dropInPath: "/x", dropIn: "a: 1\n" };

  it("reads back as what was put in", () => {
    assert.deepEqual(readBoothook(renderBoothook(data)), { kernelArguments: ["a=1"], dropIn: "a: 1\n" });
    assert.deepEqual(
      readBoothook(renderBoothook({ ...data, settings: { KERNEL_ARGUMENTS: [] } })).kernelArguments,
      [],
    );
    assert.deepEqual(readBoothook("#!/bin/bash\nreboot\n"), {});
  });

  it("has no marker left", () => assert.doesNotMatch(renderBoothook(data), /@[A-Z_]+@/));

  for (const word of ["a'b", "a b", "$(x)", "a\nb", "", "`x`"]) {
    it(`takes no ${JSON.stringify(word)} as an argument`, () => {
      assert.throws(() => renderBoothook({ ...data, settings: { A: [word] } }), /cannot be written/);
    });
  }

  it("takes no drop-in that ends its own here-document", () => {
    assert.throws(() => renderBoothook({ ...data, dropIn: "a: |\nTRADING_DROP_IN\n" }), /TRADING_DROP_IN/);
  });
});

function planFor(mode: NodeProfile["mode"], instanceType = "c7i.4xlarge") {
  return planNode({ instanceType, mode, engineGraceSeconds: 60 });
}

/** The script as cloud-init takes it out of the user data. */
function scriptFor(mode: NodeProfile["mode"], instanceType?: string): string {
  return readUserData(renderUserData(planFor(mode, instanceType), { kind: "merge" })).boothook ?? "";
}
