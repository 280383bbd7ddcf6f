import { parse, stringify } from "yaml";

/** How long a simulated pod takes, so that "not ready yet" is a state that can be seen. */
export const SIMULATED_SECONDS = { start: 2, stop: 1 } as const;

const DELAYS: Readonly<Record<string, number>> = {
  "pod-ready": SIMULATED_SECONDS.start * 1000,
  "pod-delete": SIMULATED_SECONDS.stop * 1000,
};

/** Of kwok's own four of each a burst of pods would wait for one another, longer than a pod takes. */
const WORKERS = 16;

const OPTIONS = {
  apiVersion: "config.kwok.x-k8s.io/v1alpha1",
  kind: "KwokConfiguration",
  options: {
    nodePlayStageParallelism: WORKERS,
    podPlayStageParallelism: WORKERS,
    nodeLeaseParallelism: WORKERS,
  },
} as const;

/** kwok's configuration: its own stages, with the pods' delays put in, and how many of them it plays at once. */
export function stagesFile(stages: readonly string[]): string {
  return stages
    .map((text): unknown => parse(text))
    .map((stage) => stringify(withDelay(stage)))
    .concat(stringify(OPTIONS))
    .join("---\n");
}

function withDelay(stage: unknown): unknown {
  if (!isMapping(stage) || !isMapping(stage["metadata"]) || !isMapping(stage["spec"])) {
    throw new TypeError("not a stage of kwok");
  }
  const durationMilliseconds = DELAYS[String(stage["metadata"]["name"])];
  return durationMilliseconds === undefined
    ? stage
    : { ...stage, spec: { ...stage["spec"], delay: { durationMilliseconds } } };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
