import type { types } from "@pulumi/kubernetes";
import { kubernetesQuantity } from "../../config/units";
import { ANNOTATIONS, ENGINE_LABEL } from "../contract";
import { podSpec } from "./pod";
import { BOOK_WARM_UP, type EngineSpec, selectorLabels, serviceName } from "./spec";

interface StatefulSetManifest {
  readonly metadata: types.input.meta.v1.ObjectMeta & { name: string; namespace: string };
  readonly spec: types.input.apps.v1.StatefulSetSpec;
}

/** The StatefulSet: a name, an ordinal and a volume for each market list, for ever. */
export function statefulSet(spec: EngineSpec): StatefulSetManifest {
  const labels = {
    ...selectorLabels(spec),
    [ENGINE_LABEL.key]: ENGINE_LABEL.value,
    "app.kubernetes.io/part-of": "trading",
  };
  return {
    metadata: {
      name: spec.name,
      namespace: spec.namespace,
      labels,
      annotations: {
        [ANNOTATIONS.shutdownBudget]: JSON.stringify(spec.shutdown),
        [ANNOTATIONS.reconnectSeconds]: String(spec.reconnectSeconds),
        // Must stand on the object before it is ever replaced: what counts is the old one's annotation.
        [ANNOTATIONS.deletionPropagation]: "orphan",
      },
    },
    spec: {
      serviceName: serviceName(spec),
      replicas: spec.markets.length,
      // Updates go one by one, but a broken engine 0 does not keep engine 2 from coming back.
      podManagementPolicy: "Parallel",
      minReadySeconds: BOOK_WARM_UP,
      revisionHistoryLimit: 10,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: spec.partition } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      selector: { matchLabels: selectorLabels(spec) },
      template: {
        metadata: {
          labels,
          annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "9090" },
        },
        spec: podSpec(spec),
      },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: {
            // Two pods with one log would be two engines with one identity.
            accessModes: ["ReadWriteOncePod"],
            storageClassName: spec.storageClass,
            resources: { requests: { storage: kubernetesQuantity(spec.volume) } },
          },
        },
      ],
    },
  };
}
