import { readFileSync } from "node:fs";
import { z } from "zod";
import { contextAccess } from "../../lab/contexts";
import { type Access, type LabAccess, parseKubeconfig } from "../../lab/kubeconfig";
import { labFolder } from "../../lab/paths";
import { smallFiles } from "../../small/process";
import { SmallClient } from "../../small/service";
import type { Kubeconfig } from "./eks-cluster";
import { CONTEXT_VARIABLE, LAB_VARIABLE } from "./lab-variable";

/** A lab on which a run's Kubernetes objects are real. */
export interface OnLab {
  readonly access: LabAccess;
  readonly kubeconfig: Kubeconfig;
  readonly small: SmallClient;
}

/** The lab that the environment names. */
export function labOf(env: NodeJS.ProcessEnv): OnLab | undefined {
  const root = env[LAB_VARIABLE];
  if (root === undefined || root === "") return undefined;
  const lab = labFolder(root);
  const text = readFileSync(lab.kubeconfig, "utf8");
  return {
    access: parseKubeconfig(text),
    kubeconfig: z.record(z.string(), z.unknown()).parse(JSON.parse(text)),
    small: new SmallClient(smallFiles(lab).socket),
  };
}

const requestSchema = z.object({ context: z.string(), kubeconfig: z.string().optional() });

/** The cluster on which a run's Kubernetes objects are real, and whose kubeconfig alone counts, where the environment names one. */
export function contextOf(env: NodeJS.ProcessEnv): Access | undefined {
  const request = env[CONTEXT_VARIABLE];
  if (request === undefined || request === "") return undefined;
  const { context, kubeconfig } = requestSchema.parse(JSON.parse(request));
  return contextAccess({ context, ...(kubeconfig !== undefined && { kubeconfig }) });
}

/** Lets a provider give up what it waits for when the engine says so, and wait again in the next run. */
export class Cancellation {
  #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancel(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
  }
}
