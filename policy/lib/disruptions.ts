import type { Field } from "./field";
import { scaledCount } from "./quantity";

/**
 * Disruptions that a budget's spec allows while all pods are healthy, as the disruption controller counts them, and the
 * field that decides it. Compared with the real controller by the drill R7.
 */
export function allowedDisruptions(
  spec: Field,
  replicas: number,
): { readonly field: Field; readonly allowed: number } {
  const maximum = spec.at("maxUnavailable");
  if (maximum.present)
    return { field: maximum, allowed: Math.min(scaledCount(maximum, replicas) ?? 0, replicas) };
  const minimum = spec.at("minAvailable");
  return { field: minimum, allowed: Math.max(0, replicas - (scaledCount(minimum, replicas) ?? 0)) };
}
