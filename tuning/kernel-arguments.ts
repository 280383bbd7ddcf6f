/** Kernel command line of a tuned node. Every argument is here because of the reason beside it, or it is not here. */
import type { TuningKnobs } from "./knobs";
import type { CpuPlan, InstanceFacts, TuningMode } from "./types";

/**
 * Keys that the boothook owns: before it writes, it removes every argument with such a key, so that an argument of
 * an earlier plan or of mode `static` does not survive. The AMI's own `clocksource` and `tsc` are not among them.
 */
export const MANAGED_KERNEL_KEYS = [
  "isolcpus",
  "nohz_full",
  "rcu_nocbs",
  "irqaffinity",
  "skew_tick",
  "nosoftlockup",
  "nmi_watchdog",
  "transparent_hugepage",
  "intel_idle.max_cstate",
  "processor.max_cstate",
  "idle",
  "mitigations",
  "hugepagesz",
  "hugepages",
] as const;

type KernelKey = (typeof MANAGED_KERNEL_KEYS)[number];
type KernelArgument = KernelKey | `${KernelKey}=${string}`;

/** The kernel arguments of a plan, in the order in which they are written; none in mode `off`. */
export function kernelArguments(
  facts: InstanceFacts,
  cpus: CpuPlan,
  mode: TuningMode,
  knobs: TuningKnobs,
): string[] {
  if (mode === "off") return [];
  const x86 = facts.architecture === "x86_64";
  const common: KernelArgument[] = [
    // managed_irq keeps NVMe queue interrupts off. domain also stops load balancing: without pinned threads a whole
    // engine would run on one CPU, hence only in mode static.
    `isolcpus=${mode === "static" ? "managed_irq,domain" : "managed_irq"},${cpus.isolated}`,
    // No scheduler tick while one thread runs; also moves unbound kernel threads and workqueues to housekeeping.
    `nohz_full=${cpus.isolated}`,
    // Implied by nohz_full on most kernels; said, so that one without NO_HZ_FULL still moves RCU callbacks away.
    `rcu_nocbs=${cpus.isolated}`,
    // Default for interrupts requested later: the CNI attaches network interfaces long after boot.
    `irqaffinity=${cpus.housekeeping}`,
    // Ticks of different CPUs no longer fire together and meet on the same locks.
    "skew_tick=1",
    // A thread that polls for ever is what an engine does, not a lock-up.
    "nosoftlockup",
  ];
  return [
    ...common,
    // Its performance counter interrupts every CPU. arm64 has no such watchdog by default.
    ...(x86 ? (["nmi_watchdog=0"] as const) : []),
    // From the first page on: what the kernel merged before a setting was written stays merged.
    `transparent_hugepage=${knobs.transparentHugepages}`,
    ...idleArguments(facts, knobs),
    ...riskyArguments(knobs),
    ...hugepageArguments(facts, knobs),
  ];
}

/** Limits idle states to C1: deeper ones cost tens of microseconds to leave. Only where Linux controls them. */
function idleArguments(facts: InstanceFacts, { idle }: TuningKnobs): KernelArgument[] {
  if (idle === "poll") return ["idle=poll"];
  if (idle === "deep" || !facts.cStates) return [];
  switch (facts.vendor) {
    case "intel":
      // Both: without processor.max_cstate the kernel may fall back to acpi_idle and its deeper states.
      return ["intel_idle.max_cstate=1", "processor.max_cstate=1"];
    case "amd":
      return ["processor.max_cstate=1"];
    case "graviton":
      return [];
  }
}

/** Nothing here is ever a default; `knobWarnings` says what each means. */
function riskyArguments({ mitigations }: TuningKnobs): KernelArgument[] {
  return mitigations === "off" ? ["mitigations=off"] : [];
}

/** Only the large ones: later than at boot there is no GiB in one piece. The kernel spreads them over NUMA nodes. */
function hugepageArguments({ numaNodes }: InstanceFacts, { hugepages1Gi }: TuningKnobs): KernelArgument[] {
  return hugepages1Gi === 0 ? [] : ["hugepagesz=1G", `hugepages=${hugepages1Gi * numaNodes}`];
}
