import assert from "node:assert/strict";
import { KNOWN_INSTANCE_TYPES, MANAGED_KERNEL_KEYS, type NodeProfile, planNode } from "../../../tuning";

const LARGE = KNOWN_INSTANCE_TYPES.filter((type) => type !== "m7i.xlarge");

describe("kernel arguments", () => {
  it("isolate an Intel machine", () => {
    assert.deepEqual(argumentsOf("c7i.2xlarge", "balanced"), [
      "isolcpus=managed_irq,1-3,5-7",
      "nohz_full=1-3,5-7",
      "rcu_nocbs=1-3,5-7",
      "irqaffinity=0,4",
      "skew_tick=1",
      "nosoftlockup",
      "nmi_watchdog=0",
      "transparent_hugepage=never",
      "intel_idle.max_cstate=1",
      "processor.max_cstate=1",
    ]);
  });

  it("isolate an AMD machine, which has no intel_idle", () => {
    assert.deepEqual(argumentsOf("c7a.2xlarge", "static"), [
      "isolcpus=managed_irq,domain,1-7",
      "nohz_full=1-7",
      "rcu_nocbs=1-7",
      "irqaffinity=0",
      "skew_tick=1",
      "nosoftlockup",
      "nmi_watchdog=0",
      "transparent_hugepage=never",
      "processor.max_cstate=1",
    ]);
  });

  it("leave out on Graviton what only x86 has", () => {
    for (const type of ["c8g.2xlarge", "c8g.metal-24xl"]) {
      const found = argumentsOf(type, "balanced");
      assert.deepEqual(found.slice(4), ["skew_tick=1", "nosoftlockup", "transparent_hugepage=madvise"]);
    }
  });

  it("differ between the modes by the scheduler's domain only", () => {
    for (const type of LARGE) {
      const balanced = argumentsOf(type, "balanced").map((argument) =>
        argument.replace("managed_irq,", "managed_irq,domain,"),
      );
      assert.deepEqual(balanced, argumentsOf(type, "static"), type);
    }
  });

  it("are none in mode off", () => {
    for (const type of KNOWN_INSTANCE_TYPES) assert.deepEqual(argumentsOf(type, "off"), [], type);
  });

  it("have managed keys only, each once, so that the boot hook can take every one of them back", () => {
    const managed: readonly string[] = MANAGED_KERNEL_KEYS;
    for (const type of LARGE) {
      const keys = argumentsOf(type, "static").map((argument) => argument.split("=")[0] ?? "");
      assert.deepEqual(
        keys.filter((key) => !managed.includes(key)),
        [],
        type,
      );
      assert.equal(new Set(keys).size, keys.length, type);
    }
  });
});

function argumentsOf(instanceType: string, mode: NodeProfile["mode"]): readonly string[] {
  return planNode({ instanceType, mode, engineGraceSeconds: 60 }).kernelArguments;
}
