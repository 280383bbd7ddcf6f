/** What other folders may import of node tuning. */
export {
  addonRequests,
  EVICTION_MEBIBYTES,
  kubeReservedMillicpu,
  MAX_PODS,
  NODE_ADDONS,
  visibleMebibytes,
} from "./addons";
export { defaultHousekeepingCores } from "./cpu-plan";
export {
  CpuListError,
  complementCpuList,
  cpuListSize,
  formatCpuList,
  intersectCpuLists,
  parseCpuList,
  unionCpuLists,
} from "./cpu-set";
export { checkEngineFits, type EngineRequest, largestEngine } from "./engine-fit";
export {
  INSTANCE_TYPES,
  type InstanceType,
  instanceFacts,
  isInstanceType,
  KNOWN_INSTANCE_TYPES,
} from "./instance-types";
export { MANAGED_KERNEL_KEYS } from "./kernel-arguments";
export { type ChosenKnobs, resolveKnobs, type TuningKnobs } from "./knobs";
export {
  type ClusterEndpoint,
  DROP_IN_PATH,
  type NodeConfig,
  SHUTDOWN_SLACK,
  taintText,
} from "./node-config";
export {
  DEFAULT_CRITICAL_SHUTDOWN,
  DEFAULT_LABELS,
  DEFAULT_TAINTS,
  type NodeProfile,
  nodeProfileProblems,
  planNode,
} from "./node-plan";
export { NodePlanError, type NodeProblem } from "./problems";
export type {
  Architecture,
  CpuList,
  CpuPlan,
  CpuVendor,
  InstanceFacts,
  NodePlan,
  Taint,
  TuningMode,
} from "./types";
export {
  encodeUserData,
  readUserData,
  renderUserData,
  USER_DATA_LIMIT,
  type UserDataContent,
  type UserDataTemplate,
} from "./user-data";
