import assert from "node:assert/strict";
import * as manifests from "../../../components/engine/manifests";
import { type EngineSpec, selectorLabels } from "../../../components/engine/spec";
import { statefulSet } from "../../../components/engine/stateful-set";
import { specOf } from "../../support/engine-specs";
import { field, items, json, valueAt } from "../../support/values";

describe("an engine's StatefulSet", () => {
  const set = (path: string, spec: EngineSpec = specOf("dev")) => valueAt(statefulSet(spec), path);

  it("has a replica for each market list", () => {
    assert.equal(set("spec.replicas"), 3);
    assert.equal(set("spec.replicas", specOf("prod")), 6);
  });

  it("gives one pod at a time its volume", () => {
    const claim = "spec.volumeClaimTemplates[0].spec";
    assert.deepEqual(set(`${claim}.accessModes`), ["ReadWriteOncePod"]);
    assert.equal(set(`${claim}.storageClassName`), "gp3-encrypted");
    assert.equal(set(`${claim}.resources.requests.storage`), "20Gi");
  });

  it("keeps volumes, whatever happens to it", () => {
    assert.deepEqual(set("spec.persistentVolumeClaimRetentionPolicy"), {
      whenDeleted: "Retain",
      whenScaled: "Retain",
    });
  });

  it("leaves its pods running when it must be replaced, from its first day on", () => {
    const { annotations } = statefulSet(specOf("dev")).metadata;
    assert.equal(field(annotations, "pulumi.com/deletionPropagationPolicy"), "orphan");
  });

  it("says what its grace period was added up from", () => {
    const { annotations } = statefulSet(specOf("prod")).metadata;
    const budget = json(field(annotations, "trading/shutdown-budget"));
    assert.deepEqual(budget, { preStop: 0, cancelOrders: 60, confirmations: 20, flush: 5, slack: 35 });
    assert.equal(field(annotations, "trading/reconnect-seconds"), "30");
  });

  it("updates one pod after the other from the partition on", () => {
    assert.deepEqual(set("spec.updateStrategy", specOf("dev", { partition: 2 })), {
      type: "RollingUpdate",
      rollingUpdate: { partition: 2 },
    });
    assert.equal(set("spec.podManagementPolicy"), "Parallel");
  });

  it("selects the pods that it makes", () => {
    for (const [key, value] of Object.entries(selectorLabels(specOf("dev"))))
      assert.equal(field(set("spec.template.metadata.labels"), key), value);
  });

  it("has one template for any market list: a new market restarts nobody", () => {
    const more = specOf("dev", { "markets[0]": ["BTCUSDT", "BTCUSD", "XRPUSDT"] });
    assert.deepEqual(set("spec.template", more), set("spec.template"));
  });
});

describe("an engine's market map", () => {
  it("is JSON from ordinal to markets", () => {
    const { data } = manifests.marketMap(specOf("dev"));
    assert.deepEqual(json(field(data, "markets.json")), {
      "0": ["BTCUSDT", "BTCUSD"],
      "1": ["ETHUSDT", "ETHUSD"],
      "2": ["SOLUSDT", "SOLUSD"],
    });
  });

  it("names the ARN of each market's credentials, never a credential", () => {
    const credentials = json(field(manifests.marketMap(specOf("prod")).data, "credentials.json"));
    assert.deepEqual(credentials, specOf("prod").credentials);
    for (const arn of items(credentials)) assert.match(String(arn), /^arn:aws:secretsmanager:/);
  });
});

describe("an engine's rights", () => {
  it("are to make a lease, and to hold those of its own ordinals", () => {
    assert.deepEqual(manifests.leaseRole(specOf("dev")).rules, [
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        verbs: ["get", "update", "patch"],
        resourceNames: ["trading-engine-0", "trading-engine-1", "trading-engine-2"],
      },
    ]);
  });

  it("are bound to its own account in its own namespace", () => {
    const binding = manifests.leaseRoleBinding(specOf("dev"));
    assert.deepEqual(binding.subjects, [
      { kind: "ServiceAccount", name: "trading-engine", namespace: "trading" },
    ]);
    assert.equal(valueAt(binding, "roleRef.name"), manifests.leaseRole(specOf("dev")).metadata.name);
    assert.equal(manifests.serviceAccount(specOf("dev")).metadata.name, "trading-engine");
  });
});

describe("an engine's disruption budget", () => {
  for (const maxDisrupted of [1, 2])
    it(`lets ${maxDisrupted} go at once, and never holds a broken engine back`, () => {
      assert.deepEqual(manifests.disruptionBudget(specOf("dev", { maxDisrupted })).spec, {
        maxUnavailable: maxDisrupted,
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: { matchLabels: { "app.kubernetes.io/name": "trading-engine" } },
      });
    });
});

describe("an engine's network policies", () => {
  const egress = (spec: EngineSpec) => valueAt(manifests.egressPolicy(spec), "spec.egress");
  const dns = {
    to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }],
    ports: [
      { protocol: "UDP", port: 53 },
      { protocol: "TCP", port: 53 },
    ],
  };
  const tcp443 = [{ protocol: "TCP", port: 443 }];

  it("begin with nothing in and nothing out, for every pod of the namespace", () => {
    assert.deepEqual(manifests.denyAll(specOf("dev")).spec, {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    });
  });

  it("let dev reach names, the API, and HTTPS except the instance's metadata", () => {
    assert.deepEqual(egress(specOf("dev")), [
      dns,
      { to: [{ ipBlock: { cidr: "10.40.0.0/16" } }, { ipBlock: { cidr: "172.20.0.0/16" } }], ports: tcp443 },
      { to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } }], ports: tcp443 },
    ]);
  });

  it("let prod reach its exchanges and the agent of its AWS identity, and nothing else outside", () => {
    assert.deepEqual(egress(specOf("prod")), [
      dns,
      { to: [{ ipBlock: { cidr: "10.60.0.0/16" } }, { ipBlock: { cidr: "172.20.0.0/16" } }], ports: tcp443 },
      { to: [{ ipBlock: { cidr: "169.254.170.23/32" } }], ports: [{ protocol: "TCP", port: 80 }] },
      { to: [{ ipBlock: { cidr: "198.51.100.0/24" } }], ports: tcp443 },
      { to: [{ ipBlock: { cidr: "10.60.0.0/16" } }], ports: tcp443 },
    ]);
  });

  it("let callers in by their namespace, to orders and metrics", () => {
    const ports = [
      { protocol: "TCP", port: 8080 },
      { protocol: "TCP", port: 9090 },
    ];
    assert.deepEqual(
      valueAt(manifests.ingressPolicy(specOf("prod")), "spec.ingress"),
      ["risk", "monitoring"].map((caller) => ({
        from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": caller } } }],
        ports,
      })),
    );
  });

  it("let nobody in where nobody is named", () => {
    assert.deepEqual(valueAt(manifests.ingressPolicy(specOf("dev")), "spec.ingress"), []);
  });

  it("select the engine's pods", () => {
    for (const policy of [manifests.egressPolicy(specOf("dev")), manifests.ingressPolicy(specOf("dev"))])
      assert.deepEqual(valueAt(policy, "spec.podSelector.matchLabels"), {
        "app.kubernetes.io/name": "trading-engine",
      });
  });
});

describe("an engine's namespace and service", () => {
  it("namespace enforces the strictest pod standard", () => {
    const { labels } = manifests.namespace(specOf("dev")).metadata;
    for (const mode of ["enforce", "audit", "warn"])
      assert.equal(field(labels, `pod-security.kubernetes.io/${mode}`), "restricted");
  });

  it("service is headless, and has every engine's name before it is ready", () => {
    const { metadata, spec } = manifests.headlessService(specOf("dev"));
    assert.equal(metadata.name, "trading-engine-headless");
    assert.equal(valueAt(spec, "clusterIP"), "None");
    assert.equal(valueAt(spec, "publishNotReadyAddresses"), true);
    assert.equal(metadata.name, statefulSet(specOf("dev")).spec.serviceName);
  });

  it("priority is above ordinary pods and below the node's own", () => {
    const { value } = manifests.priorityClass(specOf("dev"));
    assert.ok(Number(value) > 0 && Number(value) < 1_000_000_000);
  });
});
