import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ANNOTATIONS } from "../../../components/contract";
import type { Answer } from "../../lab/kube-client";
import { KubeClient } from "../../lab/kube-client";
import { type Access, parseKubeconfig } from "../../lab/kubeconfig";
import { type KubeObject, KubeObjects, UnknownKind } from "../../small/objects";
import { lacking, podTroubles } from "../../small/readiness";
import { messageOf } from "../errors";
import { Cancellation } from "./lab";
import { InitFailure, type ObjectResult, type ProviderPackage, type SimulatedPackage } from "./package";
import { at, containsUnknown, isProperties, type Properties, text } from "./values";

const POLL_MILLISECONDS = 250;
/** What the real provider waits where the program says nothing. */
const USUAL_SECONDS = 10 * 60;

/** Objects of the API server, instead of simulated ones: applied by the server, checked by its dry run, awaited. */
export function kubernetesOnLab(
  simulated: SimulatedPackage,
  accessFor: (config: Properties) => Access,
): ProviderPackage {
  const cancellation = new Cancellation();
  const clusters = new Map<string, KubeObjects>();
  const cluster = (config: Properties): KubeObjects => {
    const access = accessFor(config);
    const known = clusters.get(access.server) ?? new KubeObjects(new KubeClient(access));
    clusters.set(access.server, known);
    return known;
  };
  const apply = async (
    id: string,
    inputs: Properties,
    { config, timeoutSeconds = 0 }: { readonly config: Properties; readonly timeoutSeconds?: number },
  ): Promise<ObjectResult> => {
    const objects = cluster(config);
    const applied = await objects.apply(objectOf(inputs));
    if (applied.status >= 300) throw new Error(refusal(id, inputs, applied));
    const wait = { seconds: timeoutSeconds || USUAL_SECONDS, signal: cancellation.signal };
    return await ready(objects, id, inputs, applied, wait);
  };
  return {
    ...simulated,
    check: async (request) => {
      const result = simulated.check(request);
      const isKnown = !containsUnknown(result.inputs) && !containsUnknown(request.config);
      if (!isKnown || result.failures.length > 0) return result;
      const reason = await dryRun(cluster(request.config), result.inputs);
      return reason === undefined ? result : { ...result, failures: [{ property: "", reason }] };
    },
    create: async (request) => {
      const object = simulated.create(request);
      return request.preview ? object : await apply(object.id, request.inputs, request);
    },
    update: async (request) =>
      request.preview ? simulated.update(request) : await apply(request.id, request.news, request),
    read: async ({ id, outputs, config }) => {
      const answer = await cluster(config).get(objectOf(outputs));
      return answer.status === 404 ? undefined : { id, outputs: liveObject(answer) };
    },
    delete: async (request) => {
      await remove(cluster(request.config), objectOf(request.outputs), request.outputs, cancellation.signal);
      simulated.delete(request);
    },
    cancel: () => cancellation.cancel(),
  };
}

/** On a lab the stack's own provider carries the kubeconfig; one that names a context means the lab's. */
export function labAccess(lab: Access): (config: Properties) => Access {
  return ({ kubeconfig }) => (typeof kubeconfig === "string" ? parseKubeconfig(kubeconfig) : lab);
}

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

function objectOf(properties: Properties): KubeObject {
  return objectSchema.parse(properties);
}

// Why the API server would not take an object, if it would not.
async function dryRun(objects: KubeObjects, inputs: Properties): Promise<string | undefined> {
  const object = objectOf(inputs);
  const reasonFor = async (asked: KubeObject): Promise<string | undefined> => {
    const answer = await objects.apply(asked, true);
    // Its namespace is made in the same run.
    if (answer.status < 300 || answer.status === 404) return undefined;
    return messageIn(answer);
  };
  try {
    const reason = await reasonFor(object);
    if (reason === undefined || !/immutable|updates to .* are forbidden|Forbidden: updates/i.test(reason)) {
      return reason;
    }
    // A change that an existing object cannot take: the engine replaces it, so a new one has to be possible.
    return await reasonFor({
      ...object,
      metadata: { ...object.metadata, name: `${object.metadata.name}-new` },
    });
  } catch (error) {
    if (error instanceof UnknownKind) return undefined;
    throw error;
  }
}

async function ready(
  objects: KubeObjects,
  id: string,
  inputs: Properties,
  applied: Answer,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<ObjectResult> {
  const object = objectOf(inputs);
  const isAwaited = text(inputs, "metadata", "annotations", "pulumi.com/skipAwait") !== "true";
  let last = applied;
  for (const deadline = Date.now() + seconds * 1000; isAwaited; ) {
    const missing = lacking(object.kind, last.body);
    if (missing === undefined) break;
    const failure = (why: string): InitFailure =>
      new InitFailure(`${object.kind} ${id}: ${missing}${why}`, { id, outputs: liveObject(last) });
    if (Date.now() > deadline) {
      const pods = podTroubles(await objects.pods(object, selectorOf(inputs)));
      throw failure([` after ${seconds} s`, ...pods].join("; "));
    }
    try {
      await sleep(POLL_MILLISECONDS, undefined, { signal });
      last = await objects.get(object);
    } catch (error) {
      throw failure(`, ${messageOf(error)}`);
    }
  }
  return { id, outputs: liveObject(last) };
}

function selectorOf(inputs: Properties): Readonly<Record<string, string>> {
  const labels = at(inputs, "spec", "selector", "matchLabels");
  const pairs = Object.entries(isProperties(labels) ? labels : {});
  return Object.fromEntries(pairs.map(([key, value]) => [key, String(value)]));
}

const POLICIES = { orphan: "Orphan", background: "Background", foreground: "Foreground" } as const;

async function remove(
  objects: KubeObjects,
  object: KubeObject,
  outputs: Properties,
  signal: AbortSignal,
): Promise<void> {
  const asked = text(outputs, "metadata", "annotations", ANNOTATIONS.deletionPropagation);
  const policy = asked === "orphan" || asked === "background" ? POLICIES[asked] : POLICIES.foreground;
  const answer = await objects.remove(object, policy);
  if (answer.status !== 404 && answer.status >= 300) throw new Error(messageIn(answer));
  while ((await objects.get(object)).status !== 404) await sleep(POLL_MILLISECONDS, undefined, { signal });
}

// Who manages which field is the server's business, and changes with every status.
function liveObject({ body }: Answer): Properties {
  if (!isProperties(body)) return {};
  const { managedFields, ...metadata } = isProperties(body.metadata) ? body.metadata : {};
  return { ...body, metadata };
}

function messageIn({ status, body }: Answer): string {
  const message = isProperties(body) ? at(body, "message") : undefined;
  return typeof message === "string" ? message : `the API server answers ${status}`;
}

function refusal(id: string, inputs: Properties, answer: Answer): string {
  return `${text(inputs, "kind") ?? "object"} "${id}" was refused by the API server: ${messageIn(answer)}`;
}
