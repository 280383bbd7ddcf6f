/**
 * What may be chosen about a tuned node beyond its mode. Each knob has a default that is safe for an engine with an
 * ordinary network stack; `docs/tuning.md` says of each what it buys, how it is verified and when it buys nothing.
 */
import type { NodeProblem } from "./problems";
import type { InstanceFacts } from "./types";

/** Every knob, chosen or by default. Without effect in mode `off`. */
export interface TuningKnobs {
  /**
   * CPUs that handle network cards' interrupts.
   *
   * - `housekeeping`: isolated CPUs never see a packet's interrupt; a packet crosses from one core to another.
   * - `colocated`: queue by queue on isolated CPUs, the engine's own. Saves the crossing, costs the engine its quiet.
   *
   * AWS recommends the program on its interrupt's CPU; isolation says the opposite. Measure both.
   * @see https://github.com/amzn/amzn-drivers/blob/master/kernel/linux/ena/ENA_Linux_Best_Practices.rst
   * @default housekeeping
   */
  readonly networkInterrupts: "housekeeping" | "colocated";
  /**
   * Whether a card may gather packets before it interrupts. `off` trades interrupts (CPU of the housekeeping cores)
   * for latency: ENA's transmit side waits 64 microseconds by default. `driver` leaves it as the driver made it.
   * @see https://github.com/amzn/amzn-drivers/blob/master/kernel/linux/ena/ENA_Linux_Best_Practices.rst
   * @default off
   */
  readonly coalescing: "off" | "driver";
  /**
   * Generic receive offload merges packets of a flow before the stack sees them: fewer, later. `on` costs a small
   * message nothing on a quiet flow, `off` costs throughput.
   * @see https://docs.kernel.org/networking/segmentation-offloads.html
   * @default on
   */
  readonly receiveOffload: "on" | "off";
  /**
   * Microseconds that a blocking socket call polls the card's queue before it sleeps; 0 switches it off. Saves the
   * wake-up, burns the caller's CPU meanwhile. Node-wide: it reaches pods that did not ask.
   * @see https://docs.kernel.org/admin-guide/sysctl/net.html (`busy_poll`, `busy_read`)
   * @default 50, on Graviton 25: AWS's trading benchmark
   */
  readonly busyPoll: number;
  /**
   * How deeply idle CPUs may sleep, where Linux decides it.
   *
   * - `c1`: isolated CPUs wake within about 3 microseconds. Costs power, and with it other cores' turbo.
   * - `deep`: as the hardware likes. For nodes whose engines never idle.
   * - `poll`: idle CPUs spin. Fastest wake-up; turbo is gone and a hyper-threaded sibling is slowed. x86 only.
   *
   * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/processor_state_control.html
   * @default c1
   */
  readonly idle: "c1" | "deep" | "poll";
  /**
   * Huge pages that the kernel makes by itself. `never` avoids the stalls of compaction; `madvise` leaves it to the
   * program; `always` may stall any page fault.
   * @see https://docs.kernel.org/admin-guide/mm/transhuge.html
   * @default never, on Graviton madvise: AWS's trading benchmark
   */
  readonly transparentHugepages: "never" | "madvise" | "always";
  /**
   * Pages of 2 MiB set aside on each NUMA node. Fewer TLB misses for a program that asks for them; the memory is gone
   * for everybody else.
   * @see https://kubernetes.io/docs/tasks/manage-hugepages/scheduling-hugepages/
   * @default 0
   */
  readonly hugepages2Mi: number;
  /** Pages of 1 GiB set aside on each NUMA node, at boot since memory is not yet in pieces. @default 0 */
  readonly hugepages1Gi: number;
  /**
   * The scheduler's guarantee of 5 % for ordinary threads beside real-time ones. From kernel 6.8 on its timer brings
   * the tick back to isolated CPUs; `off` takes it from these. A real-time thread that never sleeps then starves
   * whatever ordinary thread is on its CPU.
   * @see https://docs.kernel.org/scheduler/sched-deadline.html
   * @default off
   */
  readonly fairServer: "off" | "on";
  /**
   * The kernel's defences against speculative execution attacks. `off` speeds up system calls and opens every secret
   * in this machine's memory to every program on it: for nodes that run one trusted program.
   * @see https://docs.kernel.org/admin-guide/hw-vuln/index.html
   * @default on
   */
  readonly mitigations: "on" | "off";
}

/** Some of the knobs; a missing one has its default. */
export type ChosenKnobs = { readonly [Knob in keyof TuningKnobs]?: TuningKnobs[Knob] | undefined };

/** The knobs of a machine: those chosen, and the defaults of its kind. */
export function resolveKnobs(facts: InstanceFacts, chosen: ChosenKnobs): TuningKnobs {
  const arm = facts.architecture === "arm64";
  return {
    networkInterrupts: chosen.networkInterrupts ?? "housekeeping",
    coalescing: chosen.coalescing ?? "off",
    receiveOffload: chosen.receiveOffload ?? "on",
    busyPoll: chosen.busyPoll ?? (arm ? 25 : 50),
    idle: chosen.idle ?? "c1",
    transparentHugepages: chosen.transparentHugepages ?? (arm ? "madvise" : "never"),
    hugepages2Mi: chosen.hugepages2Mi ?? 0,
    hugepages1Gi: chosen.hugepages1Gi ?? 0,
    fairServer: chosen.fairServer ?? "off",
    mitigations: chosen.mitigations ?? "on",
  };
}

/** MiB that huge pages take from a node. */
export function hugepagesMebibytes(facts: Pick<InstanceFacts, "numaNodes">, knobs: TuningKnobs): number {
  return facts.numaNodes * (2 * knobs.hugepages2Mi + 1024 * knobs.hugepages1Gi);
}

/** What cannot be done on this machine; empty when everything can. */
export function knobProblems(facts: InstanceFacts, chosen: ChosenKnobs): NodeProblem[] {
  const knobs = resolveKnobs(facts, chosen);
  const most = Math.floor((facts.memory * 1024) / 2);
  const taken = hugepagesMebibytes(facts, knobs);
  return [
    ...countProblems("busyPoll", knobs.busyPoll, 1000, "microseconds"),
    ...countProblems("hugepages2Mi", knobs.hugepages2Mi, 1_000_000, "pages"),
    ...countProblems("hugepages1Gi", knobs.hugepages1Gi, 10_000, "pages"),
    ...(taken <= most
      ? []
      : [
          {
            field: `knobs.${knobs.hugepages1Gi > 0 ? "hugepages1Gi" : "hugepages2Mi"}`,
            problem: `huge pages would take ${taken} MiB of the machine's ${facts.memory} GiB`,
            remedy: `Give at most ${most} MiB in all, counted on each of ${facts.numaNodes} NUMA nodes`,
          },
        ]),
    ...(knobs.idle === "poll" && facts.architecture === "arm64"
      ? [
          {
            field: "knobs.idle",
            problem: "idle=poll is an argument of x86 kernels only",
            remedy: "Leave idle out: Graviton has no idle states to choose",
          },
        ]
      : []),
  ];
}

/** What somebody who chose a risky knob must read; empty for the defaults. */
export function knobWarnings(facts: InstanceFacts, knobs: TuningKnobs): string[] {
  return [
    ...(knobs.mitigations === "off"
      ? [
          "mitigations=off: every program on these nodes can read every other one's memory, keys included; run nothing on them that you do not trust",
        ]
      : []),
    ...(knobs.idle === "poll"
      ? [
          `idle=poll: idle CPUs spin at full power, so no core has turbo headroom${facts.threadsPerCore === 2 ? ", and a spinning sibling slows the thread beside it" : ""}${facts.virtualization === "virtual" ? "; on a virtual type the hypervisor may take the gain back" : ""}`,
        ]
      : []),
  ];
}

function countProblems(knob: string, value: number, most: number, unit: string): NodeProblem[] {
  if (Number.isInteger(value) && value >= 0 && value <= most) return [];
  return [
    {
      field: `knobs.${knob}`,
      problem: `${value} is not a whole number of ${unit}`,
      remedy: `Give 0 to ${most}`,
    },
  ];
}
