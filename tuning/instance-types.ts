/**
 * What is known of each EC2 instance type before an instance exists. A table and not a look-up, so that a plan is the
 * same on every machine and in every preview; `aws ec2 describe-instance-types` confirms each row.
 */
import type { InstanceFacts } from "./types";

/** Cores, threads per core and memory: the tables of the instance type guides. */
const GENERAL_PURPOSE = "https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html";
const COMPUTE_OPTIMIZED = "https://docs.aws.amazon.com/ec2/latest/instancetypes/co.html";

const SAPPHIRE_RAPIDS = {
  vendor: "intel",
  architecture: "x86_64",
  virtualization: "virtual",
  threadsPerCore: 2,
  numaNodes: 1,
  governor: false,
  // All virtual sizes of the 7th generation expose C-states, none exposes P-states.
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/processor_state_control.html
  cStates: true,
} as const;

const GENOA = {
  vendor: "amd",
  architecture: "x86_64",
  virtualization: "virtual",
  // SMT is off for good on M7a and C7a: one vCPU is one core.
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-optimize-cpu.html
  threadsPerCore: 1,
  numaNodes: 1,
  governor: false,
  cStates: true,
} as const;

const GRAVITON4 = {
  vendor: "graviton",
  architecture: "arm64",
  virtualization: "virtual",
  threadsPerCore: 1,
  numaNodes: 1,
  // Graviton runs at a fixed frequency and has neither C- nor P-state control, on metal as well.
  governor: false,
  cStates: false,
} as const;

const INTEL_METAL = {
  vendor: "intel",
  architecture: "x86_64",
  virtualization: "metal",
  threadsPerCore: 2,
  governor: true,
  cStates: true,
} as const;

/** Every instance type that a trading node may have. A new row needs the figures of AWS's own page. */
export const INSTANCE_TYPES = {
  // Known, so that the message says why it is refused: two cores cannot be split into housekeeping and isolated.
  "m7i.xlarge": { ...SAPPHIRE_RAPIDS, cores: 2, memory: 16, source: `${GENERAL_PURPOSE} (M7i)` },
  "m7i.2xlarge": { ...SAPPHIRE_RAPIDS, cores: 4, memory: 32, source: `${GENERAL_PURPOSE} (M7i)` },
  "m7i.4xlarge": { ...SAPPHIRE_RAPIDS, cores: 8, memory: 64, source: `${GENERAL_PURPOSE} (M7i)` },
  "c7i.2xlarge": { ...SAPPHIRE_RAPIDS, cores: 4, memory: 16, source: `${COMPUTE_OPTIMIZED} (C7i)` },
  "c7i.4xlarge": { ...SAPPHIRE_RAPIDS, cores: 8, memory: 32, source: `${COMPUTE_OPTIMIZED} (C7i)` },
  "c7i.8xlarge": { ...SAPPHIRE_RAPIDS, cores: 16, memory: 64, source: `${COMPUTE_OPTIMIZED} (C7i)` },
  // One 48-core socket, hence one NUMA node; the 48xl has two such sockets.
  "c7i.metal-24xl": {
    ...INTEL_METAL,
    cores: 48,
    numaNodes: 1,
    memory: 192,
    source: `${COMPUTE_OPTIMIZED} (C7i)`,
  },
  "c7i.metal-48xl": {
    ...INTEL_METAL,
    cores: 96,
    numaNodes: 2,
    memory: 384,
    source: `${COMPUTE_OPTIMIZED} (C7i)`,
  },
  "c7a.2xlarge": { ...GENOA, cores: 8, memory: 16, source: `${COMPUTE_OPTIMIZED} (C7a)` },
  "c7a.4xlarge": { ...GENOA, cores: 16, memory: 32, source: `${COMPUTE_OPTIMIZED} (C7a)` },
  "m7a.8xlarge": { ...GENOA, cores: 32, memory: 128, source: `${GENERAL_PURPOSE} (M7a)` },
  // Two 12-core sockets.
  "m5zn.metal": {
    ...INTEL_METAL,
    cores: 24,
    numaNodes: 2,
    memory: 192,
    source: `${GENERAL_PURPOSE} (M5zn)`,
  },
  "c8g.2xlarge": { ...GRAVITON4, cores: 8, memory: 16, source: `${COMPUTE_OPTIMIZED} (C8g)` },
  "c8g.4xlarge": { ...GRAVITON4, cores: 16, memory: 32, source: `${COMPUTE_OPTIMIZED} (C8g)` },
  // 96 cores are one socket; only metal-48xl spans two.
  "c8g.metal-24xl": {
    ...GRAVITON4,
    virtualization: "metal",
    cores: 96,
    memory: 192,
    source: `${COMPUTE_OPTIMIZED} (C8g)`,
  },
} as const satisfies Record<string, InstanceFacts>;

/** An instance type of the table. */
export type InstanceType = keyof typeof INSTANCE_TYPES;

/** Every known instance type, in the order of the table. */
export const KNOWN_INSTANCE_TYPES: readonly string[] = Object.keys(INSTANCE_TYPES);

/** Whether the table has the instance type. */
export function isInstanceType(type: string): type is InstanceType {
  return Object.hasOwn(INSTANCE_TYPES, type);
}

/** The facts of an instance type, or `undefined` when the table does not have it. */
export function instanceFacts(type: string): InstanceFacts | undefined {
  return isInstanceType(type) ? INSTANCE_TYPES[type] : undefined;
}
