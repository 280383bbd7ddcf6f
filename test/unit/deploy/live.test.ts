import assert from "node:assert/strict";
import {
  declaredObjects,
  itemsOf,
  type KubernetesObject,
  liveProblems,
  readCommands,
  readObjects,
} from "../../../workbench/deploy/live";
import { engineManifests } from "../../../workbench/lab/engines/manifests";
import { stackEngine } from "../../../workbench/lab/engines/spec";

const KINDS = ["StatefulSet", "PodDisruptionBudget"];
const storageClass = {
  kind: "StorageClass",
  metadata: { name: "gp3" },
  provisioner: "ebs.csi.aws.com",
  parameters: { type: "gp3", encrypted: "true" },
  reclaimPolicy: "Retain",
  volumeBindingMode: "WaitForFirstConsumer",
};
const declared = readObjects([
  ...engineManifests(stackEngine("dev")).filter(({ kind }) => KINDS.includes(kind)),
  storageClass,
]);

/** What a cluster holds that has changed nothing: the declared objects, one pod, and defaults of the API server. */
function cluster(change: (text: string) => string = (text) => text): KubernetesObject[] {
  const set = declared.find(({ kind }) => kind === "StatefulSet");
  assert.ok(set);
  const { template } = JSON.parse(JSON.stringify(set["spec"]));
  const pod = {
    kind: "Pod",
    metadata: {
      name: "trading-engine-0",
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, "controller-revision-hash": "new" },
    },
    spec: { ...template.spec, dnsPolicy: "ClusterFirst" },
    status: { qosClass: "Guaranteed" },
  };
  const live = [...declared.map((object) => ({ ...object, status: { updateRevision: "new" } })), pod];
  return readObjects(JSON.parse(change(JSON.stringify(live))));
}

describe("what the cluster holds", () => {
  it("is as declared, whatever the API server adds", () => {
    assert.deepEqual(liveProblems(declared, cluster()), []);
  });

  for (const [what, from, to, problem] of [
    [
      "a grace period that was clamped",
      /"terminationGracePeriodSeconds":56/g,
      '"terminationGracePeriodSeconds":50',
      /^Pod trading\/trading-engine-0 terminationGracePeriodSeconds is 50 in the cluster, and 56 is declared$/m,
    ],
    ["a hook that is gone", /"preStop":/g, '"postStart":', /container engine lifecycle\.preStop.* not set/],
    [
      "a hook to another port",
      /"path":"\/shutdown","port":8080/g,
      '"path":"/shutdown","port":1',
      /port is 1 .*8080/,
    ],
    ["a pod that lost its CPUs", /"qosClass":"Guaranteed"/, '"qosClass":"Burstable"', /QoS class Burstable/],
    ["limits that were raised", /"limits":\{"cpu":"1"/g, '"limits":{"cpu":"2"', /limits\.cpu is 2/],
    ["a budget that allows more", /"maxUnavailable":1/, '"maxUnavailable":2', /maxUnavailable is 2/],
    [
      "a class without encryption",
      /"encrypted":"true"/,
      '"encrypted":"false"',
      /parameters\.encrypted is false/,
    ],
    [
      "a container without its hook",
      /"lifecycle":\{"preStop":\{"httpGet":\{"path":"\/shutdown","port":8080\}\}\},/g,
      "",
      /lifecycle.preStop.httpGet.path is not set/,
    ],
    [
      "a class that deletes",
      /"reclaimPolicy":"Retain"/,
      '"reclaimPolicy":"Delete"',
      /reclaimPolicy is Delete/,
    ],
    [
      "an object that is gone",
      /"kind":"StorageClass"/,
      '"kind":"Other"',
      /StorageClass gp3 is declared, and is not/,
    ],
  ] as const) {
    it(`names ${what}`, () => {
      const seen = cluster((text) => {
        const changed = text.replace(from, to);
        assert.notEqual(changed, text);
        return changed;
      });
      assert.match(liveProblems(declared, seen).join("\n"), problem);
    });
  }

  it("may write a quantity in another way", () => {
    const otherwise = (text: string) => text.replace(/"memory":"1Gi"/g, '"memory":"1024Mi"');
    assert.notEqual(otherwise(JSON.stringify(cluster())), JSON.stringify(cluster()));
    assert.deepEqual(liveProblems(declared, cluster(otherwise)), []);
  });

  it("may differ in a pod that a partition holds at its old template", () => {
    const old = (text: string) =>
      text
        .replace('"controller-revision-hash":"new"', '"controller-revision-hash":"old"')
        .replace(/"qosClass":"Guaranteed"/, '"qosClass":"Burstable"');
    assert.deepEqual(liveProblems(declared, cluster(old)), []);
  });

  it("is asked for object by object, and the pods once for each namespace", () => {
    assert.deepEqual(
      readCommands(declared).map((command) => command.join(" ")),
      [
        "get poddisruptionbudget trading-engine --namespace trading --output=json",
        "get statefulset trading-engine --namespace trading --output=json",
        "get storageclass gp3 --output=json",
        "get pods --namespace trading --output=json",
      ],
    );
    assert.deepEqual(itemsOf({ kind: "PodList", items: [1, 2] }), [1, 2]);
    assert.deepEqual(itemsOf({ kind: "Pod" }), [{ kind: "Pod" }]);
  });

  it("is compared with what the stack's state declares, and not with what is left to be deleted", () => {
    const resource = { type: "kubernetes:storage.k8s.io/v1:StorageClass", inputs: storageClass };
    const others = [
      { type: "kubernetes:core/v1:Service", inputs: { kind: "Service", metadata: { name: "x" } } },
      { ...resource, delete: true },
      { type: "pulumi:pulumi:Stack" },
    ];
    const found = declaredObjects({ version: 3, deployment: { resources: [resource, ...others] } });
    assert.deepEqual(
      found.map(({ metadata }) => metadata.name),
      ["gp3"],
    );
    assert.deepEqual(declaredObjects({}), []);
  });
});
