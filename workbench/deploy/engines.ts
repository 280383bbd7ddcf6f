/** One engine's pods as the stack's outputs list them. */
export interface EnginePod {
  readonly name: string;
  readonly namespace: string;
}

/** The StatefulSets behind the `engines` output, each once. Unknown shapes are left out. */
export function statefulSets(output: unknown): EnginePod[] {
  if (!Array.isArray(output)) return [];
  const seen = new Map<string, EnginePod>();
  for (const entry of output)
    if (isEngine(entry))
      seen.set(`${entry.namespace}/${entry.name}`, { name: entry.name, namespace: entry.namespace });
  return [...seen.values()];
}

/** The command that waits for one of them; also what somebody without kubectl here must run elsewhere. */
export function waitCommand({ name, namespace }: EnginePod, timeoutSeconds: number): string[] {
  return [
    "--namespace",
    namespace,
    "rollout",
    "status",
    `statefulset/${name}`,
    `--timeout=${timeoutSeconds}s`,
  ];
}

function isEngine(value: unknown): value is EnginePod {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "namespace" in value &&
    typeof value.name === "string" &&
    typeof value.namespace === "string"
  );
}
