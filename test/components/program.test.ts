import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { namesOf } from "../support/components";
import { only, type Registered, type Registration, record, settled, waitsFor } from "../support/mocks";
import { engineConfig, STACKS, type Stack } from "../support/stack-files";
import { isIndexable, valueAt } from "../support/values";

const GOLDEN = join(__dirname, "golden");
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";
const PROGRAM = join(__dirname, "..", "..", "index.ts");

interface Run {
  readonly registered: Registered;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Runs the program of a stack from its first line, as the language host does. */
async function run(stack: Stack): Promise<Run> {
  pulumi.runtime.setAllConfig(engineConfig(stack));
  delete require.cache[PROGRAM];
  let outputs: unknown;
  const registered = await record(
    () => {
      outputs = require(PROGRAM);
    },
    { stack },
  );
  assert.ok(isIndexable(outputs));
  return { registered, outputs };
}

/** A resource in one line, for a file that a reviewer reads. */
function line({ type, name, parent, protect }: Registration): string {
  const owner = namesOf([parent])[0];
  return `${type} ${name}${owner ? ` in ${owner}` : ""}${protect ? " (protected)" : ""}`;
}

describe("the program", () => {
  const runs = new Map<Stack, Run>();
  const of = (stack: Stack): Run => {
    const found = runs.get(stack);
    assert.ok(found);
    return found;
  };
  before(async () => {
    for (const stack of STACKS) runs.set(stack, await run(stack));
  });
  after(() => pulumi.runtime.setAllConfig({}));

  const counts = { dev: 94, staging: 105, prod: 105, local: 14 };
  for (const stack of STACKS)
    it(`of ${stack} registers the ${counts[stack]} resources of ${stack}.txt`, () => {
      const lines = of(stack).registered.map(line).sort();
      const path = join(GOLDEN, `${stack}.txt`);
      if (UPDATE) writeFileSync(path, `${lines.join("\n")}\n`);
      assert.ok(existsSync(path), `${path} is missing: run with UPDATE_GOLDEN=1 and review the file`);
      assert.deepEqual(lines, readFileSync(path, "utf8").trimEnd().split("\n"));
      assert.equal(lines.length, counts[stack]);
    });

  it("has a list for every stack file, and no other", () => {
    assert.deepEqual(readdirSync(GOLDEN).sort(), STACKS.map((stack) => `${stack}.txt`).sort());
  });

  for (const stack of STACKS)
    it(`of ${stack} names no resource twice`, () => {
      const urns = of(stack).registered.map(({ urn }) => urn);
      assert.equal(new Set(urns).size, urns.length);
    });

  for (const stack of STACKS)
    it(`of ${stack} names every child after its component`, () => {
      for (const { name, parent } of of(stack).registered) {
        const [owner = ""] = namesOf([parent]);
        assert.ok(parent === "" || name === owner || name.startsWith(`${owner}-`), `${name} in ${owner}`);
      }
    });

  for (const stack of STACKS)
    it(`of ${stack} leaves no resource to a default provider`, () => {
      for (const { type, name, custom, provider } of of(stack).registered) {
        if (!custom || type.startsWith("pulumi:providers:")) continue;
        const [reference = ""] = namesOf([provider.slice(0, provider.lastIndexOf("::"))]);
        const expected = type.startsWith("aws:")
          ? "aws"
          : stack === "local"
            ? "existing"
            : `trading-${stack}-kubernetes`;
        assert.equal(reference, expected, `${type} ${name}`);
      }
    });

  for (const stack of ["staging", "prod"] as const)
    it(`of ${stack} protects what holds state`, () => {
      const kinds = of(stack).registered.filter(({ protect }) => protect);
      assert.deepEqual([...new Set(kinds.map(({ type }) => type))].sort(), [
        "aws:ec2/eip:Eip",
        "aws:ecr/repository:Repository",
        "aws:kms/key:Key",
        "eks:index:Cluster",
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:core/v1:Namespace",
        "kubernetes:storage.k8s.io/v1:StorageClass",
      ]);
      assert.equal(kinds.length, 3 + 1 + 3 + 1 + 1 + 1 + 1);
    });

  for (const stack of ["dev", "local"] as const)
    it(`of ${stack} protects nothing`, () => {
      assert.deepEqual(
        of(stack).registered.filter(({ protect }) => protect),
        [],
      );
    });

  it("touches no AWS resource on a cluster that exists", () => {
    const types = of("local").registered.map(({ type }) => type.split(":")[0]);
    assert.deepEqual([...new Set(types)].sort(), ["kubernetes", "pulumi", "trading"]);
  });

  it("refuses every other account and region", () => {
    const { inputs } = only(of("prod").registered, "pulumi:providers:aws");
    assert.equal(inputs["region"], "eu-central-1");
    assert.equal(inputs["allowedAccountIds"], '["333333333333"]');
  });

  it("goes from the network to the engine, step by step", () => {
    const { registered } = of("prod");
    const steps = [
      "aws:ec2/natGateway:NatGateway trading-prod-nat-eu-central-1a",
      "eks:index:Cluster trading-prod",
      "aws:eks/addon:Addon trading-prod-node-addons-vpc-cni",
      "aws:eks/nodeGroup:NodeGroup trading-prod-system-group",
      "aws:eks/addon:Addon trading-prod-addons-coredns",
      "aws:eks/addon:Addon trading-prod-addons-aws-ebs-csi-driver",
      "aws:eks/nodeGroup:NodeGroup trading-prod-engines-eu-central-1a",
      "aws:eks/nodeGroup:NodeGroup trading-prod-engines-eu-central-1b",
      "aws:eks/nodeGroup:NodeGroup trading-prod-engines-eu-central-1c",
      "kubernetes:storage.k8s.io/v1:StorageClass trading-prod-storage-class",
      "kubernetes:core/v1:Namespace trading-engine-namespace",
      "kubernetes:policy/v1:PodDisruptionBudget trading-engine-budget",
      "kubernetes:apps/v1:StatefulSet trading-engine",
    ];
    for (const [index, step] of steps.entries()) {
      const [type = "", name] = step.split(" ");
      const waits = waitsFor(registered, only(registered, type, name));
      // CoreDNS and the EBS driver start side by side.
      const before = steps
        .slice(0, index)
        .filter((one) => !(step.endsWith("driver") && one.endsWith("coredns")));
      for (const one of before) assert.ok(waits.has(one), `${step} does not wait for ${one}`);
      for (const one of steps.slice(index)) assert.ok(!waits.has(one), `${step} waits for ${one}`);
    }
  });

  describe("outputs", () => {
    const NAMES = ["clusterName", "egressIps", "engines", "kubeconfig", "nodeGroups", "storageClass"];
    for (const stack of STACKS)
      it(`of ${stack} have the names of the contract`, () => {
        assert.deepEqual(Object.keys(of(stack).outputs).sort(), NAMES);
      });

    const value = (stack: Stack, path: string) => settled(pulumi.output(valueAt(of(stack).outputs, path)));

    it("name the cluster and the class of its volumes", async () => {
      assert.equal(await value("dev", "clusterName"), "trading-dev");
      assert.equal(await value("local", "clusterName"), "lab");
      assert.equal(await value("prod", "storageClass"), "gp3-encrypted");
      assert.equal(await value("local", "storageClass"), "standard");
    });

    it("keep the kubeconfig secret, and have none of a cluster that somebody else made", async () => {
      const { kubeconfig } = of("dev").outputs;
      assert.ok(pulumi.Output.isInstance<string>(kubeconfig));
      assert.equal(await pulumi.isSecret(kubeconfig), true);
      assert.equal(of("local").outputs["kubeconfig"], undefined);
    });

    it("keep nothing else secret", async () => {
      const { kubeconfig: _, ...open } = of("prod").outputs;
      assert.equal(await pulumi.isSecret(pulumi.output(open)), false);
    });

    it("tell exchanges where orders come from: one address, or one a zone", async () => {
      assert.deepEqual(await value("dev", "egressIps"), ["203.0.113.7"]);
      assert.deepEqual(await value("prod", "egressIps"), ["203.0.113.7", "203.0.113.7", "203.0.113.7"]);
      assert.deepEqual(await value("local", "egressIps"), []);
    });

    it("tell the risk engine of every ordinal", async () => {
      assert.deepEqual(await value("dev", "engines[2]"), {
        name: "trading-engine",
        ordinal: 2,
        markets: ["SOLUSDT", "SOLUSD"],
        namespace: "trading",
        pod: "trading-engine-2",
        dns: "trading-engine-2.trading-engine-headless.trading.svc.cluster.local",
        endpoint: "http://trading-engine-2.trading-engine-headless.trading.svc.cluster.local:8080",
      });
      assert.equal(await value("prod", "engines.length"), 6);
    });

    it("tell of each zone's nodes and their CPUs", async () => {
      assert.deepEqual(await value("dev", "nodeGroups[1]"), {
        name: "trading-dev-engines-eu-central-1b-made",
        zone: "eu-central-1b",
        instanceType: "c7i.2xlarge",
        size: 1,
        housekeepingCpus: "0",
        isolatedCpus: "1-3",
      });
      assert.deepEqual(await value("local", "nodeGroups"), []);
    });
  });
});

describe("the program with a wrong stack file", () => {
  it("says what is wrong as an error of the run, and registers nothing", async () => {
    pulumi.runtime.setAllConfig({ ...engineConfig("dev"), "trading:region": "us-east-1" });
    delete require.cache[PROGRAM];
    let failure: unknown;
    const registered = await record(() => {
      try {
        require(PROGRAM);
      } catch (error) {
        failure = error;
      }
    });
    pulumi.runtime.setAllConfig({});
    assert.ok(pulumi.RunError.isInstance(failure));
    assert.match(failure.message, /region: is outside residency.*\(got "us-east-1"\)/);
    assert.deepEqual(registered, []);
  });
});
