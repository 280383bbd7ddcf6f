import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { constantFrom, integer, property, string } from "fast-check";
import {
  encodeUserData,
  KNOWN_INSTANCE_TYPES,
  type NodePlan,
  type NodeProfile,
  planNode,
  readUserData,
  renderUserData,
  USER_DATA_LIMIT,
  type UserDataTemplate,
} from "../../../tuning";
import { holds } from "./holds";

const GOLDEN = join(__dirname, "..", "..", "golden", "user-data");
const MERGE: UserDataTemplate = { kind: "merge" };
const OWN: UserDataTemplate = {
  kind: "own",
  cluster: {
    name: "desk",
    endpoint: "https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com",
    // As long as a real one: it counts against EC2's limit.
    certificateAuthority: Buffer.alloc(1100, "certificate").toString("base64"),
    serviceCidr: "10.100.0.0/16",
  },
};
const TEMPLATES = [MERGE, OWN] as const;
const LARGE = KNOWN_INSTANCE_TYPES.filter((type) => type !== "m7i.xlarge");

describe("user data", () => {
  describe("golden files", () => {
    const cases: readonly [type: string, mode: NodeProfile["mode"], template: UserDataTemplate][] = [
      ["c7i.4xlarge", "balanced", MERGE],
      ["c7i.4xlarge", "static", MERGE],
      ["c7i.4xlarge", "off", MERGE],
      ["c7i.4xlarge", "balanced", OWN],
      ["m7a.8xlarge", "balanced", MERGE],
      ["c8g.4xlarge", "balanced", MERGE],
      ["c7i.metal-48xl", "static", OWN],
    ];
    const fileOf = (type: string, mode: string, { kind }: UserDataTemplate) => `${type}-${mode}-${kind}.txt`;

    for (const [type, mode, template] of cases) {
      it(fileOf(type, mode, template), () => {
        const path = join(GOLDEN, fileOf(type, mode, template));
        const text = renderUserData(planFor(type, mode), template);
        if (process.env["UPDATE_GOLDEN"] === "1") {
          mkdirSync(GOLDEN, { recursive: true });
          writeFileSync(path, text);
        }
        assert.ok(
          existsSync(path),
          `${path} is missing: run the tests with UPDATE_GOLDEN=1 and review the file`,
        );
        assert.equal(
          text,
          readFileSync(path, "utf8"),
          "reviewed and meant? Run the tests with UPDATE_GOLDEN=1",
        );
      });
    }

    it("are all in use", () => {
      const used = cases.map(([type, mode, template]) => fileOf(type, mode, template));
      assert.deepEqual(readdirSync(GOLDEN).sort(), used.sort());
    });
  });

  it("fits EC2's limit for every type, mode and template", () => {
    for (const type of KNOWN_INSTANCE_TYPES) {
      for (const mode of type === "m7i.xlarge"
        ? (["off"] as const)
        : (["off", "balanced", "static"] as const)) {
        for (const template of TEMPLATES) {
          const text = renderUserData(planFor(type, mode), template);
          const size = Buffer.from(encodeUserData(text), "base64").length;
          assert.ok(size <= USER_DATA_LIMIT, `${type} ${mode} ${template.kind}: ${size} bytes`);
          if (template.kind === "merge") assert.equal(size, Buffer.byteLength(text), "EKS adds to text");
        }
      }
    }
  });

  it("is refused in words above EC2's limit", () => {
    const labels = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`label-${index}`, "x".repeat(50)]),
    );
    const plan = planNode({ instanceType: "c7i.4xlarge", mode: "balanced", engineGraceSeconds: 60, labels });
    assert.throws(() => renderUserData(plan, MERGE), {
      name: "RangeError",
      message: /c7i\.4xlarge.*at most 16384/,
    });
  });

  it("is a boot hook first, then NodeConfig, in LF lines, each part closed", () => {
    const text = renderUserData(planFor("c7i.4xlarge", "balanced"), OWN);
    assert.ok(!text.includes("\r"));
    const types = [...text.matchAll(/^Content-Type: ([a-z/.-]+)/gm)].map(([, type]) => type);
    assert.deepEqual(types, [
      "multipart/mixed",
      "text/cloud-boothook",
      "application/node.eks.aws",
      "application/node.eks.aws",
    ]);
    assert.match(
      text,
      /^MIME-Version: 1\.0\nContent-Type: multipart\/mixed; boundary="(TRADING-BOUNDARY-[0-9a-f]{16})"\n\n--\1\n/,
    );
    assert.match(text, /\n--TRADING-BOUNDARY-[0-9a-f]{16}--\n$/);
  });

  it("differs in its boundary as soon as anything differs", () => {
    const boundary = (plan: NodePlan) => /boundary="([^"]+)"/.exec(renderUserData(plan, MERGE))?.[1];
    const texts = LARGE.map((type) => boundary(planFor(type, "balanced")));
    // The same machine shape gives the same node, whatever the type is called.
    assert.equal(boundary(planFor("c7i.4xlarge", "balanced")), boundary(planFor("m7i.4xlarge", "balanced")));
    assert.equal(new Set(texts).size, LARGE.length - 2);
  });

  it("says the cluster only where EKS does not", () => {
    const plan = planFor("c7i.4xlarge", "balanced");
    const [cluster, kubelet] = readUserData(renderUserData(plan, OWN)).nodeConfigs;
    assert.deepEqual(cluster?.["spec"], {
      cluster: {
        name: "desk",
        apiServerEndpoint: OWN.kind === "own" ? OWN.cluster.endpoint : "",
        certificateAuthority: OWN.kind === "own" ? OWN.cluster.certificateAuthority : "",
        cidr: "10.100.0.0/16",
      },
    });
    assert.deepEqual(readUserData(renderUserData(plan, MERGE)).nodeConfigs, [kubelet]);
  });

  it("says every kubelet field of the plan exactly once, those that EKS overrides in the drop-in", () => {
    for (const type of LARGE) {
      const plan = planFor(type, "static");
      const { nodeConfigs, dropIn } = readUserData(renderUserData(plan, MERGE));
      const inUserData = kubeletConfigOf(nodeConfigs[0]);
      const inDropIn = kubeletConfigOf(dropIn);
      assert.deepEqual({ ...inDropIn, ...inUserData }, plan.kubeletConfig);
      assert.equal(
        Object.keys(inDropIn).length + Object.keys(inUserData).length,
        Object.keys(plan.kubeletConfig).length,
      );
      assert.ok(
        "maxPods" in inDropIn && "reservedSystemCPUs" in inDropIn && "systemReservedCgroup" in inDropIn,
      );
    }
  });

  it("writes labels and taints once, as flags with the complete list", () => {
    const plan = planNode({
      instanceType: "c8g.2xlarge",
      mode: "balanced",
      engineGraceSeconds: 60,
      labels: { "node-type": "trading", desk: "fx" },
      taints: [
        { key: "trading/dedicated", value: "engine", effect: "NoSchedule" },
        { key: "trading/untuned", value: "true", effect: "NoSchedule" },
      ],
    });
    const text = renderUserData(plan, MERGE);
    assert.ok(text.includes('- "--node-labels=node-type=trading,desk=fx"'));
    assert.ok(
      text.includes(
        '- "--register-with-taints=trading/dedicated=engine:NoSchedule,trading/untuned=true:NoSchedule"',
      ),
    );
    assert.equal(text.split("trading/untuned").length, 2);
  });

  it("reads back as the plan, from text, base64 and gzip, with LF and with CRLF", () => {
    const modes = ["off", "balanced", "static"] as const;
    holds(
      property(
        constantFrom(...LARGE),
        constantFrom(...modes),
        constantFrom(...TEMPLATES),
        integer({ min: 0, max: 3 }),
        readsBack,
      ),
      { numRuns: 60 },
    );
  });
});

describe("user data of others", () => {
  const foreign: readonly [what: string, text: string, problem: RegExp][] = [
    ["nothing", "", /is empty/],
    ["a shell script", "#!/bin/bash\necho hello\n", /not a MIME multipart/],
    [
      "TOML for Bottlerocket",
      encodeUserData("[settings.kubernetes]\nmax-pods = 5\n"),
      /not a MIME multipart/,
    ],
    ["a header without boundary", "Content-Type: multipart/mixed\n\nx\n", /names no boundary/],
    [
      "a cut-off document",
      'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: a/b\n\nx\n',
      /closing boundary/,
    ],
    ["broken gzip", Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]).toString("base64"), /not gzip/],
    [
      "broken YAML",
      "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: application/node.eks.aws\n\na: [1\n\n--B--\n",
      /NodeConfig part 1 is not YAML/,
    ],
    [
      "a list as NodeConfig",
      "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: application/node.eks.aws\n\n- 1\n\n--B--\n",
      /NodeConfig part 1 is not an object/,
    ],
  ];
  for (const [what, text, problem] of foreign) {
    it(`${what} is told in words`, () => {
      const content = readUserData(text);
      assert.match(content.problems.join("\n"), problem);
      assert.equal(content.kernelArguments, null);
    });
  }

  it("as pulumi-eks writes it is read: another boundary, other parts, no boot hook", () => {
    const text = [
      "MIME-Version: 1.0",
      'Content-Type: multipart/mixed; boundary="BOUNDARY"',
      "",
      "--BOUNDARY",
      "Content-Type: application/node.eks.aws",
      "",
      "---",
      "apiVersion: node.eks.aws/v1alpha1",
      "kind: NodeConfig",
      "spec: { cluster: { name: desk } }",
      "",
      "--BOUNDARY",
      'Content-Type: text/x-shellscript; charset="us-ascii"',
      "",
      "#!/bin/bash",
      "--BOUNDARY--",
      "",
    ].join("\r\n");
    const content = readUserData(text);
    assert.deepEqual(content.problems, []);
    assert.equal(content.boothook, null);
    assert.equal(content.kernelArguments, null);
    assert.deepEqual(content.nodeConfigs[0]?.["spec"], { cluster: { name: "desk" } });
  });

  it("shows an argument that somebody changed by hand", () => {
    const text = renderUserData(planFor("c7i.4xlarge", "balanced"), MERGE).replace(
      "nohz_full=1-7,9-15",
      "nohz_full=1-7",
    );
    assert.ok(readUserData(text).kernelArguments?.includes("nohz_full=1-7"));
  });

  it("never throws, whatever it is given", () => {
    const whole = renderUserData(planFor("c7i.4xlarge", "balanced"), MERGE);
    holds(
      property(string(), integer({ min: 0, max: whole.length }), (noise, cut) => {
        readUserData(noise);
        readUserData(whole.slice(0, cut) + noise + whole.slice(cut + noise.length));
      }),
      { numRuns: 50 },
    );
  });
});

function readsBack(type: string, mode: NodeProfile["mode"], template: UserDataTemplate, form: number): void {
  const plan = planFor(type, mode);
  const text = renderUserData(plan, template);
  const written = [
    text,
    encodeUserData(text),
    gzipSync(text).toString("base64"),
    text.replaceAll("\n", "\r\n"),
  ][form];
  const content = readUserData(written ?? "");
  assert.deepEqual(content.problems, []);
  assert.deepEqual(content.kernelArguments, plan.kernelArguments);
  assert.equal(content.nodeConfigs.length, template.kind === "own" ? 2 : 1);
  assert.equal(kubeletConfigOf(content.dropIn)["maxPods"], 58);
}

function planFor(instanceType: string, mode: NodeProfile["mode"]): NodePlan {
  return planNode({ instanceType, mode, engineGraceSeconds: 120 });
}

function kubeletConfigOf(nodeConfig: unknown): Record<string, unknown> {
  return field(field(field(nodeConfig, "spec"), "kubelet"), "config");
}

function field(value: unknown, name: string): Record<string, unknown> {
  assert.ok(typeof value === "object" && value !== null, `${name} of ${JSON.stringify(value)}`);
  const found = Object.entries(value).find(([key]) => key === name)?.[1];
  assert.ok(typeof found === "object" && found !== null, `no ${name}`);
  return found;
}
