import { z } from "zod";
import { NODE_LABEL } from "../../../../components/contract";
import { ENGINE, type Recipe } from "../../../image/engine-image";
import type { Subject } from "../../../lab/drill/subject";
import type { Manifest } from "../../../lab/kube-client";

const FOLDER = "workbench/bench/lab/loop";

/** The loop that polls in an engine's place, and its neighbour, in one image. */
export const LOOP: Recipe = {
  ...ENGINE,
  repository: "registry.example.com/trading/loop",
  programs: [FOLDER],
  config: { ...ENGINE.config, entrypoint: ["/usr/local/bin/node", `/app/${FOLDER}/main.js`] },
};

const setSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  spec: z.looseObject({
    replicas: z.number(),
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }),
    }),
  }),
});

/** A subject's own manifests with two differences: one replica, and the loop's image in place of the engine's. */
export function withLoop(subject: Subject, image: string): Manifest[] {
  return subject.manifests.map((manifest) => {
    if (manifest.kind !== "StatefulSet") return manifest;
    const { metadata, spec, ...rest } = setSchema.parse(manifest);
    const { containers, ...pod } = spec.template.spec;
    const loop = containers.map((container) => ({ ...container, image }));
    const template = { ...spec.template, spec: { ...pod, containers: loop } };
    const { namespace, ...others } = metadata;
    return {
      ...rest,
      metadata: { ...others, ...(namespace !== undefined && { namespace }) },
      ...{ spec: { ...spec, replicas: 1, template } },
    };
  });
}

export const NEIGHBOUR = { name: "neighbour", namespace: "neighbour" } as const;

/** What a node's agent for logs or metrics asks for, and what it may use: no limit, as is usual. */
const NEIGHBOUR_REQUESTS = { cpu: "100m", memory: "128Mi" } as const;

/** The noisy neighbour: the same for both subjects, and running all the time. */
export function neighbour(image: string): (Manifest & { readonly spec?: object })[] {
  const labels = { app: NEIGHBOUR.name };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NEIGHBOUR.namespace } },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: NEIGHBOUR,
      spec: {
        serviceName: NEIGHBOUR.name,
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            tolerations: [{ operator: "Exists" }],
            // Not on the simulated node, where nothing runs.
            nodeSelector: { [NODE_LABEL.key]: NODE_LABEL.value },
            containers: [
              {
                name: "noise",
                image,
                command: ["/usr/local/bin/node", `/app/${FOLDER}/noise.js`],
                resources: { requests: NEIGHBOUR_REQUESTS },
              },
            ],
          },
        },
      },
    },
  ];
}
