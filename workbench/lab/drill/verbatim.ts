import { z } from "zod";
import { NODE_TAINT } from "../../../components/contract";
import { SEED, seedNamespace, seedVerbatim } from "../../seed/manifests";
import type { KubeClient } from "../kube-client";
import { check, type Drill, type Fact, same } from "./drill";
import { DrillFailure, until } from "./stage";

/** What is recorded of the seed before its overlay is laid over it; no drill, because nothing needs to be broken. */
export const SEED_VERBATIM: Pick<Drill, "id" | "title" | "steps" | "expectation" | "seedNote"> = {
  id: "seed-verbatim",
  title: "the seed's manifests exactly as published, on the stack's nodes",
  steps: ["apply them", "wait until the scheduler has looked at every pod"],
  expectation: "each of the three pods gets a node",
  seedNote: `Trading nodes carry the taint ${NODE_TAINT.key}=${NODE_TAINT.value}:${NODE_TAINT.effect}, and its pods tolerate none; the one node without it has not the label that they require. So all three stay Pending, for ever. Everything below is the seed with its overlay.`,
};

const LOOK_SECONDS = 30;
const GONE_SECONDS = 60;

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ nodeName: z.string().optional() }),
      status: z.object({
        conditions: z
          .array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() }))
          .default([]),
      }),
    }),
  ),
});

const SET = `/apis/apps/v1/namespaces/${SEED.namespace}/statefulsets/${SEED.name}`;
const PODS = `/api/v1/namespaces/${SEED.namespace}/pods`;
const CLAIMS = `/api/v1/namespaces/${SEED.namespace}/persistentvolumeclaims`;

/** Applies the seed as it is, says what the scheduler does with it, and takes it away; undefined where it runs already. */
export async function observeVerbatim(client: KubeClient): Promise<readonly Fact[] | undefined> {
  if ((await client.send("GET", SET)).status === 200) return undefined;
  for (const manifest of [seedNamespace(), ...seedVerbatim()]) await client.apply(manifest);
  const { length } = SEED.markets;
  const seen = await until(
    "the scheduler has looked at every pod",
    () => scheduling(client),
    (found) =>
      found.length === length && found.every(({ node, why }) => node !== undefined || why !== undefined),
    LOOK_SECONDS,
  );
  await takeAway(client);
  const [why] = seen.flatMap((pod) => pod.why ?? []);
  return [
    same("pods that have a node", length, seen.filter(({ node }) => node !== undefined).length),
    check("the scheduler finds one for each", why === undefined, why),
  ];
}

async function scheduling(
  client: KubeClient,
): Promise<{ readonly node: string | undefined; readonly why: string | undefined }[]> {
  const { items } = podsSchema.parse(await client.get(PODS));
  return items.map(({ spec, status }) => ({
    node: spec.nodeName,
    why: status.conditions.find((each) => each.type === "PodScheduled" && each.status === "False")?.message,
  }));
}

// Claim templates cannot be changed: the overlay needs a StatefulSet and claims of its own.
async function takeAway(client: KubeClient): Promise<void> {
  await client.send("DELETE", SET);
  for (const [what, path] of [
    ["pods", PODS],
    ["claims", CLAIMS],
  ] as const) {
    await client.send("DELETE", path);
    await until(
      `the ${what} are gone`,
      async () => podNames.parse(await client.get(path)).items.length,
      (count) => count === 0,
      GONE_SECONDS,
    ).catch((error: unknown) => {
      throw error instanceof DrillFailure ? new Error(error.message) : error;
    });
  }
}

const podNames = z.object({ items: z.array(z.unknown()) });
