/** The plan as the scripts on the node read it: one line a setting in `/etc/trading-tune/plan`. */
import { cpuListSize } from "./cpu-set";
import { DROP_IN_PATH } from "./node-config";
import { sysctls } from "./sysctls";
import type { NodePlan } from "./types";

/** Words of each setting, by the name under which `tuning/node/bundle` knows it. */
export function nodeSettings(plan: NodePlan): Record<string, readonly string[]> {
  const { cpus, knobs, mode } = plan;
  return {
    MODE: [mode],
    MACHINE: [plan.vendor === "graviton" ? "graviton" : plan.virtualization],
    HOUSEKEEPING: [cpus.housekeeping],
    ISOLATED: cpus.isolated === "" ? [] : [cpus.isolated],
    HOUSEKEEPING_CORES: [String(cpuListSize(cpus.housekeeping) / cpus.threadsPerCore)],
    KERNEL_ARGUMENTS: plan.kernelArguments,
    DROP_IN_PATH: [DROP_IN_PATH],
    SYSCTLS: sysctls(mode, knobs),
    NETWORK_INTERRUPTS: [knobs.networkInterrupts],
    COALESCING: [knobs.coalescing],
    RECEIVE_OFFLOAD: [knobs.receiveOffload],
    IDLE: [knobs.idle],
    TRANSPARENT_HUGEPAGES: [knobs.transparentHugepages],
    HUGEPAGES_2M: [String(knobs.hugepages2Mi)],
    HUGEPAGES_1G: [String(knobs.hugepages1Gi)],
    FAIR_SERVER: [knobs.fairServer],
  };
}
