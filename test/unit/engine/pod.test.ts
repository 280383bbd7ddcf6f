import assert from "node:assert/strict";
import { podSpec } from "../../../components/engine/pod";
import type { EngineSpec } from "../../../components/engine/spec";
import { specOf } from "../../support/engine-specs";
import { items, valueAt } from "../../support/values";

/** A value of the engine's container, or of the pod, by path. */
const inContainer = (spec: EngineSpec, path: string) => valueAt(podSpec(spec), `containers[0].${path}`);
const inPod = (spec: EngineSpec, path: string) => valueAt(podSpec(spec), path);

describe("an engine's pod", () => {
  it("has the grace period that its phases add up to", () => {
    assert.equal(inPod(specOf("dev"), "terminationGracePeriodSeconds"), 56);
    assert.equal(inPod(specOf("prod"), "terminationGracePeriodSeconds"), 120);
  });

  it("requests what it is limited to, in whole CPUs", () => {
    assert.deepEqual(inContainer(specOf("prod"), "resources"), {
      requests: { cpu: "8", memory: "64Gi" },
      limits: { cpu: "8", memory: "64Gi" },
    });
  });

  it("has no container without resources: one would cost it its Guaranteed class", () => {
    assert.equal(podSpec(specOf("prod")).initContainers, undefined);
    assert.deepEqual(valueAt(podSpec(specOf("prod")), "containers.length"), 1);
  });

  it("runs on trading nodes only, and tolerates their taint and no other", () => {
    assert.deepEqual(inPod(specOf("dev"), "nodeSelector"), { "node-type": "trading" });
    assert.deepEqual(inPod(specOf("dev"), "tolerations[0]"), {
      key: "trading/dedicated",
      operator: "Equal",
      value: "engine",
      effect: "NoSchedule",
    });
    const keys = items(inPod(specOf("dev"), "tolerations")).map((one) => valueAt(one, "key"));
    assert.deepEqual(keys, [
      "trading/dedicated",
      "node.kubernetes.io/not-ready",
      "node.kubernetes.io/unreachable",
    ]);
  });

  it("shares its host with no engine of any namespace", () => {
    const rule = "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]";
    assert.deepEqual(inPod(specOf("dev"), rule), {
      topologyKey: "kubernetes.io/hostname",
      labelSelector: { matchLabels: { "trading/role": "engine" } },
      namespaceSelector: {},
    });
  });

  for (const [stack, zones] of [
    ["dev", 3],
    ["prod", 3],
  ] as const)
    it(`of ${stack} is spread over ${zones} zones that must all be there`, () => {
      const spread = inPod(specOf(stack), "topologySpreadConstraints[0]");
      assert.equal(valueAt(spread, "whenUnsatisfiable"), "DoNotSchedule");
      assert.equal(valueAt(spread, "minDomains"), zones);
      assert.equal(valueAt(spread, "maxSkew"), 1);
      assert.equal(valueAt(spread, "topologyKey"), "topology.kubernetes.io/zone");
    });

  it("counts the zones that it runs in, not those of the network", () => {
    const spec = { ...specOf("dev"), zones: ["eu-central-1a", "eu-central-1b"] };
    assert.equal(inPod(spec, "topologySpreadConstraints[0].minDomains"), 2);
  });

  it("meets the strictest pod standard", () => {
    assert.equal(inPod(specOf("dev"), "securityContext.runAsNonRoot"), true);
    assert.deepEqual(inPod(specOf("dev"), "securityContext.seccompProfile"), { type: "RuntimeDefault" });
    assert.deepEqual(inContainer(specOf("dev"), "securityContext"), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("starts its drain over HTTP: neither a shell nor curl is needed in the image", () => {
    assert.deepEqual(inContainer(specOf("dev"), "lifecycle"), {
      preStop: { httpGet: { path: "/shutdown", port: 8080 } },
    });
  });

  it("mounts its log, its market map and a small scratch space", () => {
    assert.deepEqual(inContainer(specOf("dev"), "volumeMounts"), [
      { name: "data", mountPath: "/data" },
      { name: "markets", mountPath: "/etc/trading", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
    ]);
    assert.deepEqual(inPod(specOf("dev"), "volumes[0].configMap"), { name: "trading-engine-markets" });
  });
});

describe("an engine's environment", () => {
  const environment = (spec: EngineSpec) =>
    Object.fromEntries(
      items(inContainer(spec, "env")).map((entry) => [
        valueAt(entry, "name"),
        valueAt(entry, "value") ?? valueAt(entry, "valueFrom.fieldRef.fieldPath"),
      ]),
    );

  it("says who it is, where its files are and how long its drain may take", () => {
    assert.deepEqual(environment(specOf("prod")), {
      POD_NAME: "metadata.name",
      POD_NAMESPACE: "metadata.namespace",
      POD_INDEX: "metadata.labels['apps.kubernetes.io/pod-index']",
      NODE_NAME: "spec.nodeName",
      ENGINE_NAME: "trading-engine",
      DATA_DIR: "/data",
      MARKETS_FILE: "/etc/trading/markets.json",
      DRAIN_BUDGET_SECONDS: "85",
    });
  });

  it("never holds a credential, not even its name", () => {
    assert.doesNotMatch(JSON.stringify(environment(specOf("prod"))), /secret|arn:aws/i);
  });

  it("leaves the slack out of the drain: it belongs to the platform", () => {
    const long = environment(specOf("dev", { "shutdown.slack": "5 minutes" }));
    assert.equal(long["DRAIN_BUDGET_SECONDS"], "41");
  });
});

describe("an engine's probes", () => {
  const seconds = (spec: EngineSpec, probe: string) =>
    Number(inContainer(spec, `${probe}.periodSeconds`)) *
    Number(inContainer(spec, `${probe}.failureThreshold`));

  for (const reconnect of ["1 second", "9 seconds", "10 seconds", "30 seconds", "31 seconds", "5 minutes"])
    it(`liveness is slower than a reconnect of ${reconnect}`, () => {
      const spec = specOf("dev", { reconnect });
      const slowest = seconds(spec, "livenessProbe");
      assert.ok(slowest > spec.reconnectSeconds, `${slowest} s`);
      assert.ok(slowest <= spec.reconnectSeconds + 20, `${slowest} s is longer than needed`);
    });

  for (const startup of ["1 second", "2 minutes", "121 seconds", "1 hour"])
    it(`startup waits at least ${startup}`, () => {
      const spec = specOf("dev", { startup });
      const wait = seconds(spec, "startupProbe");
      assert.ok(wait >= spec.startupSeconds && wait < spec.startupSeconds + 5, `${wait} s`);
    });

  it("take an engine out of service within five seconds", () => {
    assert.ok(seconds(specOf("dev"), "readinessProbe") <= 5);
  });

  it("ask the paths of the engine contract", () => {
    for (const [probe, path] of [
      ["startupProbe", "/health"],
      ["livenessProbe", "/health"],
      ["readinessProbe", "/ready"],
    ] as const)
      assert.deepEqual(inContainer(specOf("dev"), `${probe}.httpGet`), { path, port: 8080 });
  });
});
