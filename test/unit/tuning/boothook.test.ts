import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import {
  MANAGED_KERNEL_KEYS,
  type NodeProfile,
  planNode,
  readUserData,
  renderUserData,
} from "../../../tuning";
import { readBoothook, renderBoothook } from "../../../tuning/boothook";

const AMI_CMDLINE =
  "BOOT_IMAGE=(hd0,gpt1)/boot/vmlinuz root=UUID=1 console=ttyS0 clocksource=tsc tsc=reliable";
const AMI_GRUB =
  'GRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX="console=ttyS0 nvme_core.io_timeout=4294967295" # AMI\nGRUB_DEFAULT=saved\n';

const FAKES = join(__dirname, "..", "..", "node", "fakes");

/** A machine that boots: its command line, its disk, and what was called. */
class Node {
  readonly root = mkdtempSync(join(tmpdir(), "boothook-"));
  readonly fake = join(this.root, "fake");

  constructor() {
    this.write("fake/entry", AMI_CMDLINE);
    this.write("fake/calls", "");
    this.write("etc/default/grub", AMI_GRUB);
    this.write("var/lib/cloud/data/instance-id", "i-1\n");
    this.topology();
  }

  /** Boots with what the boot entry says and runs the script; true when the machine goes down again. */
  boot(script: string, cmdline = this.read("fake/entry")): boolean {
    this.write("proc/cmdline", `${cmdline.trim()}\n`);
    this.write("fake/calls", "");
    this.command("boothook", script);
    const run = spawnSync(join(this.fake, "bin", "boothook"), {
      env: {
        PATH: `${this.fake}/bin:${process.env["PATH"] ?? ""}`,
        TRADING_ROOT: this.root,
        FAKE: this.fake,
      },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    assert.equal(run.status, 0, run.stderr);
    assert.equal(run.stderr, "");
    return this.calls().includes("reboot");
  }

  calls(): string[] {
    return this.read("fake/calls")
      .split("\n")
      .filter((call) => call !== "");
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

  private command(name: string, text: string): void {
    this.write(`fake/bin/${name}`, text);
    chmodSync(join(this.fake, "bin", name), 0o755);
  }
}

describe("boot hook", () => {
  let node: Node;
  beforeEach(() => {
    node = new Node();
  });
  afterEach(() => rmSync(node.root, { recursive: true, force: true }));

  it("edits the boot loader and reboots once; the second boot is converged and touches nothing", () => {
    const script = scriptFor("balanced");
    assert.equal(node.boot(script), true);
    assert.deepEqual(
      node.calls().map((call) => call.split("=")[0]),
      ["grubby --update-kernel", "grubby --update-kernel", "reboot", "sleep infinity"],
    );
    assert.match(node.state(), /^state=rebooting\nreason=missing isolcpus=managed_irq,1-7,9-15; /);
    assert.equal(
      node.read("etc/default/grub"),
      AMI_GRUB.replace('4294967295" # AMI', `4294967295 ${argumentsFor("balanced")}"`),
    );

    assert.equal(node.boot(script), false);
    assert.deepEqual(node.calls(), []);
    assert.match(node.state(), /^state=converged\n/);
    assert.equal(node.read("run/trading-tune/boothook.state"), node.state());
    assert.ok(node.read("fake/entry").startsWith(AMI_CMDLINE), "the AMI's own arguments stay");
  });

  it("writes the kubelet's drop-in before anything else, on every boot", () => {
    const script = scriptFor("balanced");
    node.boot(script);
    const path = "etc/eks/nodeadm.d/50-trading.yaml";
    assert.deepEqual(
      parse(node.read(path)),
      readUserData(renderUserData(planFor("balanced"), { kind: "merge" })).dropIn,
    );
    node.write(path, "spoiled");
    node.boot(script);
    assert.match(node.read(path), /reservedSystemCPUs: "0,8"/);
    assert.ok(!existsSync(join(node.root, `${path}.new`)));
  });

  it("never loops when an argument does not arrive on the command line", () => {
    const script = scriptFor("balanced");
    assert.equal(node.boot(script), true);
    for (const boot of [2, 3, 4]) {
      assert.equal(node.boot(script, AMI_CMDLINE), false, `boot ${boot}`);
      assert.deepEqual(node.calls(), []);
      assert.match(node.state(), /^state=failed\nreason=one reboot did not help: missing isolcpus/);
    }
  });

  it("neither reboots nor tries again when the boot loader cannot be edited", () => {
    node.write("fake/grubby-fails", "");
    assert.equal(node.boot(scriptFor("static")), false);
    assert.match(node.state(), /^state=failed\nreason=the boot loader could not be edited/);
    assert.equal(node.boot(scriptFor("static")), false);
    assert.deepEqual(node.calls(), []);
  });

  it("reports a reboot that was refused and lets the boot go on", () => {
    node.write("fake/reboot-fails", "");
    node.boot(scriptFor("balanced"));
    assert.match(node.state(), /^state=failed\nreason=the reboot was refused/);
    assert.ok(!node.calls().includes("sleep infinity"));
  });

  it("follows a change of mode with one more reboot and leaves no argument of the old one", () => {
    node.boot(scriptFor("balanced"));
    assert.equal(node.boot(scriptFor("static")), true);
    assert.match(node.state(), /unplanned isolcpus=managed_irq,1-7,9-15; /);
    assert.equal(node.boot(scriptFor("static")), false);
    assert.equal(node.read("fake/entry").match(/isolcpus=/g)?.length, 1);

    assert.equal(node.boot(scriptFor("off")), true);
    assert.equal(node.boot(scriptFor("off")), false);
    assert.equal(node.read("fake/entry").trim(), AMI_CMDLINE);
    assert.equal(node.read("etc/default/grub"), AMI_GRUB.replace(" # AMI", ""));
  });

  it("leaves an untuned node in mode off alone", () => {
    assert.equal(node.boot(scriptFor("off")), false);
    assert.deepEqual(node.calls(), []);
    assert.equal(node.read("etc/default/grub"), AMI_GRUB);
  });

  it("repairs a later loss of arguments by one reboot of its own, and again only one", () => {
    const script = scriptFor("balanced");
    node.boot(script);
    assert.equal(node.boot(script), false);
    assert.equal(node.boot(script, AMI_CMDLINE), true);
    assert.equal(node.boot(script, AMI_CMDLINE), false);
  });

  it("starts afresh on an instance made from the image of a node that failed", () => {
    node.boot(scriptFor("balanced"));
    node.write("var/lib/cloud/data/instance-id", "i-2\n");
    assert.equal(node.boot(scriptFor("balanced"), AMI_CMDLINE), true);
  });

  it("keeps whatever quoting /etc/default/grub came with", () => {
    node.write("etc/default/grub", "GRUB_CMDLINE_LINUX='a=\"b c\" $x nohz_full=1'\n");
    node.boot(scriptFor("balanced"));
    assert.equal(
      node.read("etc/default/grub"),
      `GRUB_CMDLINE_LINUX="a=\\"b c\\" \\$x ${argumentsFor("balanced")}"\n`,
    );
    rmSync(join(node.root, "etc/default/grub"));
    node.boot(scriptFor("static"));
    assert.equal(node.read("etc/default/grub"), `GRUB_CMDLINE_LINUX="${argumentsFor("static")}"\n`);
  });
});

describe("boot hook text", () => {
  const data = {
    kernelArguments: ["a=1"],
    managedKeys: MANAGED_KERNEL_KEYS,
    dropInPath: "/x",
    dropIn: "a: 1\n",
  };

  it("reads back as what was put in", () => {
    assert.deepEqual(readBoothook(renderBoothook(data)), { kernelArguments: ["a=1"], dropIn: "a: 1\n" });
    assert.deepEqual(readBoothook(renderBoothook({ ...data, kernelArguments: [] })).kernelArguments, []);
    assert.deepEqual(readBoothook("#!/bin/bash\nreboot\n"), {});
  });

  it("has no marker left", () => assert.doesNotMatch(renderBoothook(data), /@[A-Z_]+@/));

  for (const word of ["a'b", "a b", "$(x)", "a\nb", "", "`x`"]) {
    it(`takes no ${JSON.stringify(word)} as an argument`, () => {
      assert.throws(() => renderBoothook({ ...data, kernelArguments: [word] }), /cannot be written/);
    });
  }

  it("takes no drop-in that ends its own here-document", () => {
    assert.throws(() => renderBoothook({ ...data, dropIn: "a: |\nTRADING_DROP_IN\n" }), /TRADING_DROP_IN/);
  });
});

function planFor(mode: NodeProfile["mode"]) {
  return planNode({ instanceType: "c7i.4xlarge", mode, engineGraceSeconds: 60 });
}

function argumentsFor(mode: NodeProfile["mode"]): string {
  return planFor(mode).kernelArguments.join(" ");
}

/** The script as cloud-init takes it out of the user data. */
function scriptFor(mode: NodeProfile["mode"]): string {
  return readUserData(renderUserData(planFor(mode), { kind: "merge" })).boothook ?? "";
}
