import { z } from "zod";

const workloadSchema = z.object({
  metadata: z.object({ generation: z.number().default(0) }),
  spec: z.object({ replicas: z.number().default(1) }),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      updatedReplicas: z.number().default(0),
      readyReplicas: z.number().default(0),
    })
    .default({ observedGeneration: 0, updatedReplicas: 0, readyReplicas: 0 }),
});

/** What an object still lacks to be ready, in words, or undefined when it is; most kinds are at once. */
export function lacking(kind: string, object: unknown): string | undefined {
  if (kind !== "StatefulSet" && kind !== "Deployment") return undefined;
  const { metadata, spec, status } = workloadSchema.parse(object);
  if (status.observedGeneration < metadata.generation) return "its controller has not seen it yet";
  const [name, count] =
    status.updatedReplicas < spec.replicas
      ? (["updated", status.updatedReplicas] as const)
      : (["ready", status.readyReplicas] as const);
  return count < spec.replicas ? `${count} of ${spec.replicas} replicas are ${name}` : undefined;
}

const stateSchema = z.object({
  waiting: z.object({ reason: z.string(), message: z.string().default("") }).optional(),
});
const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({
        conditions: z
          .array(z.object({ type: z.string(), status: z.string(), message: z.string().default("") }))
          .default([]),
        containerStatuses: z
          .array(z.object({ name: z.string(), state: stateSchema.default({}) }))
          .default([]),
      }),
    }),
  ),
});

/** Why pods are not running, in the kubelet's and the scheduler's words; nothing of pods that run. */
export function podTroubles(list: unknown): string[] {
  const { data } = podsSchema.safeParse(list);
  return (data?.items ?? []).flatMap(({ metadata: { name }, status }) => {
    const unscheduled = status.conditions
      .filter((condition) => condition.type === "PodScheduled" && condition.status !== "True")
      .map(({ message }) => `${name}: ${message}`);
    const waiting = status.containerStatuses.flatMap(({ state }) =>
      state.waiting === undefined
        ? []
        : [
            `${name}: ${[state.waiting.reason, state.waiting.message].filter((part) => part !== "").join(", ")}`,
          ],
    );
    return [...unscheduled, ...waiting];
  });
}
