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
