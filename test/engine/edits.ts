import type { ProgramPatch } from "../../workbench/offline/workspace";

/** A one-line edit of the program, and what the pack must answer. */
export interface Edit extends ProgramPatch {
  /** Name of the rule that must refuse it. */
  readonly rule: string;
  /** Part of the remedy in its message. */
  readonly remedy: RegExp;
  /** Only a new stack has the unknown value that the edit brings in. */
  readonly newStackOnly?: boolean;
}

/** At least one edit for each rule of the pack. */
export const EDITS: readonly Edit[] = [
  {
    rule: "market-assignment-unique",
    file: "components/engine/manifests.ts",
    find: "JSON.stringify(Object.fromEntries(spec.markets.entries()), null, 2)",
    replace: 'JSON.stringify({ 0: ["BTCUSDT"], 1: ["BTCUSDT"], 2: ["SOLUSDT"] })',
    remedy: /BTCUSDT/,
  },
  {
    rule: "engine-must-be-statefulset",
    file: "components/trading-engine.ts",
    find: "    this.endpoints = endpoints(spec);",
    replace:
      "    new kubernetes.apps.v1.Deployment(name, { spec: { selector: { matchLabels: { a: 'b' } }, template: statefulSet(spec).spec.template } }, inNamespace);\n    this.endpoints = endpoints(spec);",
    remedy: /StatefulSet/,
  },
  {
    rule: "single-writer",
    file: "components/engine/stateful-set.ts",
    find: 'accessModes: ["ReadWriteOncePod"]',
    replace: 'accessModes: ["ReadWriteOnce"]',
    remedy: /ReadWriteOncePod/,
  },
  {
    rule: "shutdown-budget",
    file: "components/engine/pod.ts",
    find: "terminationGracePeriodSeconds: spec.gracePeriodSeconds",
    replace: "terminationGracePeriodSeconds: 30",
    remedy: /terminationGracePeriodSeconds/,
  },
  {
    rule: "shutdown-budget",
    file: "components/engine/pod.ts",
    find: 'lifecycle: { preStop: { httpGet: { path: "/shutdown", port: PORTS.http } } }',
    replace:
      'lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", "curl -X POST localhost:8080/shutdown && sleep 60"] } } }',
    remedy: /preStop/,
  },
  {
    rule: "grace-fits-the-platform",
    file: "components/engine/pod.ts",
    find: "terminationGracePeriodSeconds: spec.gracePeriodSeconds",
    replace: "terminationGracePeriodSeconds: 1800",
    remedy: /terminationGracePeriodSeconds/,
  },
  {
    rule: "pdb-covers-engine",
    file: "components/engine/manifests.ts",
    find: "maxUnavailable: spec.maxDisrupted",
    replace: 'maxUnavailable: "100%"',
    remedy: /maxUnavailable/,
  },
  {
    rule: "volume-template-frozen",
    file: "components/engine/stateful-set.ts",
    find: '[ANNOTATIONS.deletionPropagation]: "orphan"',
    replace: '[ANNOTATIONS.deletionPropagation]: "background"',
    remedy: /orphan/,
  },
  {
    rule: "storageclass-trading",
    file: "components/encrypted-storage.ts",
    find: 'encrypted: "true"',
    replace: 'encrypted: "True"',
    remedy: /"true"/,
  },
  {
    rule: "storageclass-trading",
    file: "components/encrypted-storage.ts",
    find: 'reclaimPolicy: "Retain"',
    replace: 'reclaimPolicy: "Delete"',
    remedy: /Retain/,
  },
  {
    rule: "az-coverage",
    file: "components/trading-nodes.ts",
    find: "this.groups = zones.map",
    replace: "this.groups = zones.slice(1).map",
    remedy: /eu-central-1a/,
  },
  {
    rule: "taint-toleration-pair",
    file: "components/trading-nodes.ts",
    find: "taints: plan.taints.map",
    replace: "taints: plan.taints.slice(1).map",
    remedy: /trading\/dedicated/,
  },
  {
    rule: "taint-toleration-pair",
    file: "components/engine/pod.ts",
    find: "value: NODE_TAINT.value,",
    replace: 'value: "other",',
    remedy: /trading\/dedicated/,
  },
  {
    rule: "cpu-exclusive",
    file: "components/engine/pod.ts",
    find: "requests: resources,",
    replace: 'requests: { ...resources, cpu: "500m" },',
    remedy: /limits|requests/,
  },
  {
    rule: "capacity-on-demand",
    file: "components/trading-nodes.ts",
    find: 'capacityType: "ON_DEMAND"',
    replace: 'capacityType: "SPOT"',
    remedy: /ON_DEMAND/,
  },
  {
    rule: "node-volumes-encrypted",
    file: "components/node-group.ts",
    find: 'encrypted: "true"',
    replace: 'encrypted: "false"',
    remedy: /encrypted/,
  },
  {
    rule: "node-volumes-encrypted",
    file: "components/key-policies.ts",
    find: 'Action: ["kms:CreateGrant"]',
    replace: 'Action: ["kms:ListGrants"]',
    remedy: /kms:CreateGrant/,
  },
  {
    rule: "imds-v2",
    file: "components/node-group.ts",
    find: 'httpTokens: "required"',
    replace: 'httpTokens: "optional"',
    remedy: /required/,
  },
  {
    rule: "image-digest",
    file: "components/engine/pod.ts",
    find: "image: spec.image",
    replace: 'image: "registry.example.com/trading/engine:latest"',
    remedy: /sha256/,
  },
  {
    rule: "network-policy-enforced",
    file: "components/cluster-addons.ts",
    find: 'enableNetworkPolicy: "true"',
    replace: 'enableNetworkPolicy: "false"',
    remedy: /enableNetworkPolicy/,
  },
  {
    rule: "secrets-not-in-plain-sight",
    file: "components/engine/pod.ts",
    find: '{ name: "ENGINE_NAME", value: spec.name }',
    replace: '{ name: "EXCHANGE_API_SECRET", value: "hunter2hunter2" }',
    remedy: /Secrets Manager|Pod Identity/,
  },
  {
    rule: "allowed-regions",
    file: "components/environment.ts",
    find: "    region,\n    allowedAccountIds",
    replace: '    region: "us-east-1",\n    allowedAccountIds',
    remedy: /us-east-1/,
  },
  {
    rule: "must-be-known-in-preview",
    file: "components/trading-nodes.ts",
    find: 'capacityType: "ON_DEMAND"',
    replace: 'capacityType: role.uniqueId.apply(() => "ON_DEMAND")',
    remedy: /must be known/,
    newStackOnly: true,
  },
];
