/**
 * Kernel settings that need no reboot. None of those that the kubelet insists on (`vm.overcommit_memory`,
 * `kernel.panic`, `kernel.panic_on_oops`) is among them: with another value of these it does not start.
 */
import type { TuningKnobs } from "./knobs";
import type { TuningMode } from "./types";

/** The settings of a node as `key=value`; none in mode `off`. A key that a kernel lacks is passed over and said. */
export function sysctls(mode: TuningMode, knobs: TuningKnobs): string[] {
  if (mode === "off") return [];
  return [
    // Statistics of virtual memory are gathered on every CPU each second otherwise.
    "vm.stat_interval=10",
    // Moving pages between NUMA nodes unmaps them, and every access then faults. Pinned threads gain nothing by it.
    "kernel.numa_balancing=0",
    // The scan for blocked tasks comes often enough.
    "kernel.hung_task_timeout_secs=600",
    // balanced: a timer that an idle CPU armed moves to a busy one; OpenShift found TCP timers left on isolated CPUs
    // otherwise. static: a pinned engine's own timers must fire where it runs, as tuned has it.
    `kernel.timer_migration=${mode === "static" ? 0 : 1}`,
    `net.core.busy_read=${knobs.busyPoll}`,
    `net.core.busy_poll=${knobs.busyPoll}`,
  ];
}
