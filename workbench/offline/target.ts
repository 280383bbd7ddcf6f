import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type ContextRequest, contextAccess } from "../lab/contexts";
import { KubeClient } from "../lab/kube-client";
import { type Access, CONTEXT, parseKubeconfig } from "../lab/kubeconfig";
import { type LabFolder, labFolder } from "../lab/paths";
import type { OfflineArguments } from "./arguments";
import { messageOf, UserError } from "./errors";
import { defaultStateFolder } from "./paths";
import { CONTEXT_VARIABLE, LAB_VARIABLE } from "./provider/lab-variable";
import { stackValue } from "./stack-file";

/** Where a run's Kubernetes objects go. */
export interface Target {
  /** Folder of the account and of the stack's state, unless another one is asked for. */
  readonly state: string;
  /** What the provider process is told. */
  readonly environment: Readonly<Record<string, string>>;
  /** What of it is simulated, in words, where that is not everything. */
  readonly simulated?: string;
}

const ON_LAB =
  "Simulated: AWS, by the offline provider, and the nodes that kwok plays. Real: the Kubernetes of the lab and what was applied to it.";

/** The target that the command line names; refuses one that the stack file contradicts, or that does not answer. */
export async function targetOf(options: OfflineArguments, project: string): Promise<Target> {
  const { stack, lab, context, kubeconfig } = options;
  const usual = defaultStateFolder(project);
  if (lab === undefined && context === undefined) return { state: usual, environment: {} };
  const cluster = stackValue(project, stack, "trading:cluster");
  if (context === undefined) {
    requireLab(stack, cluster);
    const standing = standingLab(lab ?? true);
    await requireRunning(standing);
    return { state: standing.account, environment: { [LAB_VARIABLE]: standing.root }, simulated: ON_LAB };
  }
  const request = requestOf(stack, cluster, { context, ...(kubeconfig !== undefined && { kubeconfig }) });
  await requireAnswer(context, contextAccess(request));
  return {
    // A state for each cluster: what one holds says nothing of another.
    state: join(usual, "contexts", encodeURIComponent(context)),
    environment: { [CONTEXT_VARIABLE]: JSON.stringify(request) },
    simulated: `Real: the Kubernetes of the context ${context} and what was applied to it. Nothing of AWS is in this stack.`,
  };
}

const clusterSchema = z.looseObject({
  kind: z.string(),
  context: z.string().optional(),
  kubeconfig: z.string().optional(),
});

/**
 * The context that both the command line and the stack file mean.
 * @throws UserError when they do not mean the same
 */
export function requestOf(stack: string, cluster: unknown, asked: ContextRequest): ContextRequest {
  const file = `Pulumi.${stack}.yaml`;
  const { data } = clusterSchema.safeParse(cluster);
  if (data === undefined) return asked;
  if (data.kind !== "existing") {
    throw new UserError(
      `${file} makes a cluster of its own, so --context has no meaning for it: use --stack local, or --lab for ${stack}.`,
    );
  }
  if (data.context !== asked.context) {
    throw new UserError(
      `${file} deploys to the context "${data.context ?? ""}" and --context says "${asked.context}": write the one that you mean into trading:cluster of ${file}.`,
    );
  }
  const kubeconfig = asked.kubeconfig ?? data.kubeconfig;
  if (data.kubeconfig !== undefined && data.kubeconfig !== kubeconfig) {
    throw new UserError(
      `${file} names the kubeconfig ${data.kubeconfig} and --kubeconfig says ${kubeconfig}: leave one of them out.`,
    );
  }
  return { context: asked.context, ...(kubeconfig !== undefined && { kubeconfig }) };
}

/** Refuses to deploy to the lab what is meant for another cluster. */
export function requireLab(stack: string, cluster: unknown): void {
  const { data } = clusterSchema.safeParse(cluster);
  if (data?.kind !== "existing" || (data.context === CONTEXT && data.kubeconfig === undefined)) return;
  throw new UserError(
    `Pulumi.${stack}.yaml deploys to the context "${data.context ?? ""}"${data.kubeconfig === undefined ? "" : ` of ${data.kubeconfig}`}, not to the lab: use --context ${data.context ?? "NAME"}, or write context: ${CONTEXT} into trading:cluster and no kubeconfig.`,
  );
}

function standingLab(asked: string | true): LabFolder {
  const lab = labFolder(asked === true ? undefined : asked);
  if (!existsSync(lab.kubeconfig)) {
    throw new UserError(
      `there is no lab in ${lab.root}: start one with npm run local, or npm run lab -- up.`,
    );
  }
  return lab;
}

// A lab keeps its folder when its processes are gone, as after a restart of the machine.
async function requireRunning(lab: LabFolder): Promise<void> {
  const client = new KubeClient(parseKubeconfig(readFileSync(lab.kubeconfig, "utf8")));
  try {
    await client.send("GET", "/readyz");
  } catch {
    throw new UserError(
      `the lab in ${lab.root} does not run: npm run local, or npm run lab -- up, starts it again with its data.`,
    );
  } finally {
    client.close();
  }
}

const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

// Before Pulumi starts: one sentence instead of an error for each resource.
async function requireAnswer(context: string, access: Access): Promise<void> {
  const client = new KubeClient(access);
  try {
    const { status, body } = await client.send(
      "POST",
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb: "create", resource: "namespaces" } },
      },
    );
    if (status === 401)
      throw new UserError(`${access.server} does not accept the credentials of context "${context}".`);
    if (!reviewSchema.safeParse(body).data?.status.allowed) {
      throw new UserError(
        `the user of context "${context}" may not create namespaces at ${access.server}: the stack needs one for its engines.`,
      );
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `the API server of context "${context}" does not answer at ${access.server} (${messageOf(error)}).`,
    );
  } finally {
    client.close();
  }
}
