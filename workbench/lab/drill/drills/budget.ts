import { z } from "zod";
import { allowedDisruptions } from "../../../../policy/lib/disruptions";
import { Field } from "../../../../policy/lib/field";
import { pathOf } from "../../kube-client";
import { PAUSE_REFERENCE } from "../../real/pause-image";
import { type Drill, type Fact, same } from "../drill";
import { podName, type Stage, until } from "../stage";

const NAMESPACE = "budgets";

type BudgetSpec = { readonly minAvailable: number | string } | { readonly maxUnavailable: number | string };

/** Budgets over pods of their own, and how many those are; undefined: the StatefulSet does not say. */
const CASES: readonly (readonly [spec: BudgetSpec, replicas: number | undefined])[] = [
  [{ minAvailable: 2 }, 3],
  [{ minAvailable: "67%" }, 3],
  [{ minAvailable: "66%" }, 3],
  [{ minAvailable: "100%" }, 3],
  [{ minAvailable: 0 }, 3],
  [{ maxUnavailable: 1 }, 3],
  [{ maxUnavailable: "34%" }, 3],
  [{ maxUnavailable: "33%" }, 3],
  [{ maxUnavailable: "0%" }, 3],
  [{ minAvailable: 2 }, undefined],
  [{ maxUnavailable: 1 }, undefined],
];

export const budgetArithmetic: Drill = {
  id: "R7",
  title: "what a disruption budget allows, and what the policy says that it allows",
  steps: [
    "eleven budgets over pods on simulated nodes: counts, percentages, replicas that nobody wrote down",
    "the real disruption controller counts",
    "an eviction of each, and of an engine, as a dry run",
  ],
  expectation: "the policy pdb-covers-engine predicts the controller's number and the eviction's answer",
  notOnSeed: "it asks the disruption controller and the policy, and nothing of the engines",
  darkBound: () => 0,
  async run(stage) {
    try {
      await makeAll(stage);
      const facts = await Promise.all(CASES.map((_, index) => compare(stage, index)));
      return { touched: [], facts: [...facts, await engines(stage)] };
    } finally {
      await stage.client.send("DELETE", `/api/v1/namespaces/${NAMESPACE}`);
    }
  },
};

/** What the policy's own function says. */
function predicted(spec: BudgetSpec, replicas: number): number {
  return allowedDisruptions(new Field({ urn: "", label: "a budget" }, "spec", spec), replicas).allowed;
}

async function makeAll({ client }: Stage): Promise<void> {
  // An earlier run's may still be going.
  await until(
    "a namespace for the budgets",
    async () =>
      await client.send("POST", "/api/v1/namespaces", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: NAMESPACE },
      }),
    ({ status }) => status === 201,
    60,
  );
  for (const [index, [spec, replicas]] of CASES.entries()) {
    const metadata = { name: `case-${index}`, namespace: NAMESPACE };
    const labels = { case: String(index) };
    const selector = { matchLabels: labels };
    const containers = [{ name: "pause", image: PAUSE_REFERENCE }];
    await client.create({
      ...{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata },
      ...{ spec: { ...spec, selector } },
    });
    await client.create({
      ...{ apiVersion: "apps/v1", kind: "StatefulSet", metadata },
      ...{
        spec: {
          ...(replicas === undefined ? {} : { replicas }),
          selector,
          serviceName: metadata.name,
          podManagementPolicy: "Parallel",
          template: { metadata: { labels }, spec: { containers } },
        },
      },
    });
  }
}

const budgetSchema = z.object({
  status: z.object({
    disruptionsAllowed: z.number(),
    currentHealthy: z.number(),
    expectedPods: z.number(),
  }),
});

async function compare(stage: Stage, index: number): Promise<Fact> {
  const [spec, replicas = 1] = CASES[index] ?? [{ minAvailable: 0 }, 0];
  const path = `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets/case-${index}`;
  const { status } = await until(
    `the controller has counted case ${index}`,
    async () => budgetSchema.parse(await stage.client.get(path)),
    (seen) => seen.status.expectedPods === replicas && seen.status.currentHealthy === replicas,
    60,
  );
  const answer = await dryEviction(stage, NAMESPACE, `case-${index}-0`);
  const allowed = predicted(spec, replicas);
  return same(
    `${JSON.stringify(spec)} over ${CASES[index]?.[1] ?? "unset"}`,
    { allowed, answer: allowed > 0 ? 201 : 429 },
    { allowed: status.disruptionsAllowed, answer },
  );
}

// The stack's own budget, over engines that trade.
async function engines(stage: Stage): Promise<Fact> {
  const manifest = stage.manifests.find(({ kind }) => kind === "PodDisruptionBudget");
  if (manifest === undefined) throw new Error("the engine has no budget");
  const { status } = budgetSchema.parse(await stage.client.get(pathOf(manifest)));
  const answer = await dryEviction(stage, stage.spec.namespace, podName(stage, 0));
  const { length } = stage.spec.markets;
  const allowed = predicted({ maxUnavailable: stage.spec.maxDisrupted }, length);
  return same(
    "the engines' own",
    { allowed, answer: allowed > 0 ? 201 : 429 },
    { allowed: status.disruptionsAllowed, answer },
  );
}

/** What an eviction would be answered; nothing goes. */
export async function dryEviction({ client }: Stage, namespace: string, name: string): Promise<number> {
  const { status } = await client.send("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
    deleteOptions: { dryRun: ["All"] },
  });
  return status;
}
