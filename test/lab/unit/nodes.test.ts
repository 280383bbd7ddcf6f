import assert from "node:assert/strict";
import { NODE_TAINT, ZONE_LABEL } from "../../../components/contract";
import { kubeconfig, parseKubeconfig } from "../../../workbench/lab/kubeconfig";
import { addonStandIn, nodeManifests, PROVISIONER, storageClass } from "../../../workbench/lab/nodes";
import { stackPlan } from "../../../workbench/lab/stack-plan";
import { SIMULATED_SECONDS, stagesFile } from "../../../workbench/lab/stages";
import { UserError } from "../../../workbench/offline/errors";

const DEV = stackPlan("dev");

describe("the lab's nodes", () => {
  it("are as the dev stack plans them: one tainted node a zone, and an untainted one", () => {
    const nodes = nodeManifests(DEV);
    const inZones = nodes.map(({ metadata }) => [metadata.name, metadata.labels[ZONE_LABEL]]);
    assert.deepEqual(inZones, [
      ["trading-eu-central-1a-0", "eu-central-1a"],
      ["trading-eu-central-1b-0", "eu-central-1b"],
      ["trading-eu-central-1c-0", "eu-central-1c"],
      ["system-0", "eu-central-1a"],
    ]);
    const plain = JSON.parse(JSON.stringify(nodes));
    assert.deepEqual(plain[0].spec.taints, [NODE_TAINT]);
    assert.equal(plain[0].metadata.labels["node-type"], "trading");
    assert.deepEqual(plain[0].status.capacity.cpu, "4");
    assert.deepEqual(plain[0].status.allocatable.cpu, "3000m");
    assert.deepEqual(plain[3].spec.taints, []);
    assert.equal(plain[3].metadata.labels["node-type"], undefined);
    for (const { metadata } of plain) {
      assert.deepEqual(metadata.annotations, {
        "kwok.x-k8s.io/node": "fake",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
      });
    }
  });

  it("can be more in each zone", () => {
    const names = nodeManifests({ ...DEV, nodesPerZone: 2 }).map(({ metadata }) => metadata.name);
    assert.equal(names.length, 7);
    assert.equal(new Set(names).size, 7);
  });

  it("carry what the add-ons request, so that no CPU is promised twice", () => {
    const { spec } = JSON.parse(JSON.stringify(addonStandIn(DEV)));
    assert.deepEqual(spec.template.spec.containers[0].resources.requests, {
      cpu: `${DEV.plan.addonMillicpu}m`,
      memory: `${DEV.plan.addonMebibytes}Mi`,
    });
  });

  it("cannot be made after a stack that has none, or that is not there", () => {
    for (const [stack, message] of [
      ["local", /Pulumi\.local\.yaml deploys to a cluster that exists/],
      ["nowhere", /there is no Pulumi\.nowhere\.yaml/],
    ] as const) {
      assert.throws(
        () => stackPlan(stack),
        (error) => error instanceof UserError && message.test(error.message),
      );
    }
  });
});

describe("the lab's storage class", () => {
  it("waits for the first consumer, and lets claims grow", () => {
    const made = JSON.parse(JSON.stringify(storageClass()));
    assert.equal(made.volumeBindingMode, "WaitForFirstConsumer");
    assert.equal(made.allowVolumeExpansion, true);
    assert.equal(made.provisioner, PROVISIONER);
  });
});

describe("what kwok is told", () => {
  const stage = (name: string): string =>
    `kind: Stage\nmetadata:\n  name: ${name}\nspec:\n  next:\n    statusTemplate: |\n      a: {{ .b }}\n`;

  it("is its own stages, with time between a pod's states", () => {
    const text = stagesFile([stage("node-initialize"), stage("pod-ready"), stage("pod-delete")]);
    const [first = "", ready = "", stop = "", options = ""] = text.split("---\n");
    assert.doesNotMatch(first, /delay/);
    assert.match(ready, new RegExp(`durationMilliseconds: ${SIMULATED_SECONDS.start * 1000}`));
    assert.match(stop, new RegExp(`durationMilliseconds: ${SIMULATED_SECONDS.stop * 1000}`));
    assert.match(first, /a: \{\{ \.b \}\}/);
    assert.match(options, /kind: KwokConfiguration/);
  });

  it("is never something else", () => assert.throws(() => stagesFile(["just text"]), /not a stage/));
});

describe("a kubeconfig", () => {
  it("holds everything, under the name lab, and can be read back", () => {
    const access = { server: "https://127.0.0.1:6443", authority: "ca", certificate: "crt", key: "key" };
    const text = kubeconfig(access);
    assert.equal(JSON.parse(text)["current-context"], "lab");
    assert.deepEqual(parseKubeconfig(text), access);
  });
});
