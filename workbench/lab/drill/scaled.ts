import { z } from "zod";
import type { Manifest } from "../kube-client";

/** Seconds after which Kubernetes gives up a pod of a silent node that says nothing of it. */
export const DEFAULT_TOLERATION = 300;
/** Seconds that a pod of a silent node is kept, with scaled timers only: a sixth of what the stack says, and of the default. */
export const SCALED = { declared: 5, default: 50 } as const;

const setSchema = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ tolerations: z.array(z.looseObject({})).default([]) }),
    }),
  }),
});

/**
 * A copy whose pods are given up sooner: the only thing in which a scaled drill's manifests differ from the subject's.
 * Pods that say nothing get Kubernetes' default said for them, scaled like the rest.
 */
export function withScaledToleration(manifest: Manifest): Manifest {
  if (manifest.kind !== "StatefulSet") return manifest;
  const text = JSON.stringify(manifest);
  if (text.includes('"tolerationSeconds"')) {
    return JSON.parse(text.replace(/"tolerationSeconds":\d+/g, `"tolerationSeconds":${SCALED.declared}`));
  }
  const set = setSchema.parse(JSON.parse(text));
  const { template } = set.spec;
  const tolerations = [...template.spec.tolerations, ...["not-ready", "unreachable"].map(giveUp)];
  const spec = { ...set.spec, template: { ...template, spec: { ...template.spec, tolerations } } };
  return { ...manifest, ...{ spec } };
}

/** Seconds that a pod of a silent node is kept. */
export function tolerationOf(manifests: readonly Manifest[]): number {
  const found = /"tolerationSeconds":(\d+)/.exec(JSON.stringify(manifests));
  return Number(found?.[1] ?? DEFAULT_TOLERATION);
}

function giveUp(state: string): object {
  const key = `node.kubernetes.io/${state}`;
  return { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: SCALED.default };
}
