import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { boundPort } from "../../../../examples/engine/shell/http";
import { itemsOf, liveProblems, readObjects } from "../../../deploy/live";
import { pathOf } from "../../kube-client";
import { check, type Drill, same } from "../drill";
import { deleteEngine, trades } from "../looks";
import { pod, podName, replaced, type Stage } from "../stage";

const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const NAME = "drill-clamp";
/** What a policy of Kyverno's own collection leaves at most: mutate-large-termination-gps. */
const CLAMP = 50;

export const clampedGrace: Drill = {
  id: "R4",
  title: "an admission webhook clamps the grace period to 50 s",
  steps: [
    "a mutating webhook changes pods as they are made",
    "pod 1 is deleted, and comes back",
    "what the cluster holds is compared with what was declared",
    "the webhook goes, pod 1 is deleted again",
  ],
  expectation:
    "the StatefulSet looks right; the comparison after a deployment names the pod and both numbers",
  notOnSeed: "nothing compares what the cluster holds with its manifests",
  darkBound: ({ start }) => start + 10,
  async run(stage) {
    const declared = stage.spec.gracePeriodSeconds;
    const before = await problems(stage);
    const server = await clampingServer(stage);
    let clamped: readonly string[];
    try {
      await register(stage, server);
      await renew(stage);
      clamped = await problems(stage);
    } finally {
      await stage.client.send("DELETE", `${WEBHOOKS}/${NAME}`);
      server.close();
    }
    await sleep(1000);
    await renew(stage);
    const name = `Pod ${stage.spec.namespace}/${podName(stage, 1)}`;
    return {
      touched: [1],
      facts: [
        same("problems before", [], before),
        check("more was declared than the clamp leaves", declared > CLAMP, declared),
        same(
          "problems of the clamped pod",
          [`${name} terminationGracePeriodSeconds is ${CLAMP} in the cluster, and ${declared} is declared`],
          clamped,
        ),
        same("problems afterwards", [], await problems(stage)),
      ],
    };
  },
};

const COMPARED = ["StatefulSet", "PodDisruptionBudget"];

/** What `npm run up` would say of the engines. */
async function problems({ client, manifests, spec }: Stage): Promise<string[]> {
  const chosen = manifests.filter(({ kind }) => COMPARED.includes(kind));
  const objects = await Promise.all(chosen.map((manifest) => client.get(pathOf(manifest))));
  const pods = itemsOf(await client.get(`/api/v1/namespaces/${spec.namespace}/pods`));
  // The elements of a list do not say their kind.
  const named = pods.map((item) => ({ ...z.looseObject({}).parse(item), kind: "Pod" }));
  return liveProblems(readObjects(chosen), readObjects([...objects, ...named]));
}

async function renew(stage: Stage): Promise<void> {
  const before = await pod(stage, 1);
  await deleteEngine(stage, 1);
  await replaced(stage, 1, before?.uid ?? "", 120);
  await trades(stage, 1);
}

const reviewSchema = z.object({ request: z.object({ uid: z.string() }) });

/** Answers each review with the clamp, under the certificate that the lab's own servers have. */
async function clampingServer({ lab }: Stage): Promise<Server> {
  const patch = [{ op: "replace", path: "/spec/terminationGracePeriodSeconds", value: CLAMP }];
  const identity = {
    key: readFileSync(lab.key("server")),
    cert: readFileSync(lab.certificate("server")),
  };
  const server = createServer(identity, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { uid } = reviewSchema.parse(JSON.parse(Buffer.concat(chunks).toString())).request;
    const answer = {
      uid,
      allowed: true,
      patchType: "JSONPatch",
      patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
    };
    const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: answer };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(review));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}

async function register({ client, lab, spec }: Stage, server: Server): Promise<void> {
  const webhook = {
    name: "clamp.drill.trading",
    clientConfig: {
      url: `https://127.0.0.1:${boundPort(server)}/`,
      caBundle: readFileSync(lab.certificate("ca")).toString("base64"),
    },
    rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": spec.namespace } },
    failurePolicy: "Ignore",
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    timeoutSeconds: 5,
  };
  await client.send("DELETE", `${WEBHOOKS}/${NAME}`);
  await client.send("POST", WEBHOOKS, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: NAME },
    webhooks: [webhook],
  });
  // The API server hears of its own webhooks by a watch.
  await sleep(1000);
}
