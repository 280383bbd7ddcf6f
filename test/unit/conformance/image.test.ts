import assert from "node:assert/strict";
import { readArguments, UsageError } from "../../../workbench/conformance/arguments";
import { budgetInWords } from "../../../workbench/conformance/budget";
import { imageCommand } from "../../../workbench/conformance/image/launch";
import { obstacle } from "../../../workbench/conformance/image/open";
import { chainId, imagesOf, programOf, UnusableImage } from "../../../workbench/conformance/image/program";
import { fail, pass } from "../../../workbench/conformance/lines/line";

const DIGEST = `sha256:${"a".repeat(64)}`;
const config = (start: object) => ({
  architecture: "amd64",
  os: "linux",
  config: start,
  rootfs: { diff_ids: [] },
});

describe("the conformance command's target", () => {
  it("is an image's archive when it is named so, or asked for", () => {
    for (const args of [
      ["image.tar"],
      ["--image", "whatever"],
      ["/a/b.tar.gz"],
      ["--only", "health", "i.oci"],
    ]) {
      assert.equal(readArguments(args).kind, "image", args.join(" "));
    }
    assert.equal(readArguments(["tar-reader", "image.tar"]).kind, "command");
    assert.equal(readArguments(["./engine"]).kind, "command");
    assert.equal(readArguments(["engine"]).kind, "command");
  });

  it("is never asked of a registry", () => {
    for (const reference of [
      `registry.example.com/trading/engine@${DIGEST}`,
      `engine@${DIGEST}`,
      "localhost:5000/engine:3",
      "trading/engine:latest",
    ]) {
      assert.throws(
        () => readArguments([reference]),
        (error) =>
          error instanceof UsageError && /No registry is asked for .*docker save/.test(error.message),
        reference,
      );
    }
    assert.throws(() => readArguments(["--image"]), /--image needs a file/);
    assert.throws(() => readArguments(["--image", "a.tar", "extra"]), /stands alone; extra is too much/);
  });
});

describe("an image's own configuration", () => {
  it("is entrypoint and command together, with its variables and its folder", () => {
    const start = {
      Entrypoint: ["/node"],
      Cmd: ["main.js"],
      Env: ["A=b=c", "EMPTY"],
      WorkingDir: "/app",
      User: "7",
    };
    assert.deepEqual(programOf(config(start), "amd64"), {
      command: ["/node", "main.js"],
      environment: { A: "b=c", EMPTY: "" },
      workingDirectory: "/app",
      user: "7",
    });
    assert.equal(
      programOf(config({ Cmd: ["/x"], Entrypoint: null, WorkingDir: "" }), "amd64").workingDirectory,
      "/",
    );
  });

  it("is refused when there is nothing to start, or when it is for another machine", () => {
    for (const start of [{}, { Entrypoint: [], Cmd: null }]) {
      assert.throws(() => programOf(config(start), "amd64"), UnusableImage);
    }
    assert.throws(
      () => programOf(config({ Cmd: ["/x"] }), "arm64"),
      /for linux\/amd64, and this machine is linux\/arm64/,
    );
  });

  it("is found among those of other platforms and a builder's attestations", () => {
    const entry = (digest: string, os: string, architecture: string) => ({
      digest,
      platform: { os, architecture },
    });
    const manifests = [
      entry("1", "linux", "arm64"),
      entry("2", "linux", "amd64"),
      entry("3", "unknown", "unknown"),
    ];
    assert.deepEqual(
      imagesOf({ manifests: [...manifests, { digest: "4" }] }, "amd64").map(({ digest }) => digest),
      ["2", "4"],
    );
  });

  it("names its layers as containerd does", () => {
    // The reference engine's, as containerd 1.6 unpacked them.
    const layers = [
      "sha256:ddef975d3bcdc6cede8d7d06b92aa6d18fb62fbd9f5286ef3178184757b697a7",
      "sha256:31452bff445932c76f782468cec863d96460c083984115a38945fc4d31727d91",
    ];
    assert.equal(chainId(layers.slice(0, 1)), layers[0]);
    assert.equal(chainId(layers), "sha256:3864396c5305d4447feaeecf3c502e9d5bba3687d2df3f22ca417d873cfc4812");
  });
});

describe("the start of an image", () => {
  const program = {
    command: ["/node", "x"],
    environment: { PATH: "/own" },
    workingDirectory: "/app",
    user: "",
  } as const;
  const tools = { env: "/bin/env", setpriv: "/bin/setpriv", unshare: "/bin/unshare" };
  const environment = {
    DATA_DIR: "/b/data",
    MARKETS_FILE: "/b/markets.json",
    IDENTITY_DIR: "/elsewhere",
    POD_INDEX: "0",
  };
  const command = imageCommand(program, "/root", tools, environment, "/b");

  it("gives it the pod's places and its own PATH, and nothing of this machine's", () => {
    const variables = command.slice(command.indexOf("-i") + 1, command.indexOf(tools.setpriv));
    assert.deepEqual(variables, [
      "PATH=/own",
      "DATA_DIR=/data",
      "MARKETS_FILE=/etc/trading/markets.json",
      "IDENTITY_DIR=/elsewhere",
      "POD_INDEX=0",
    ]);
  });

  it("is the pods' user in the image's folder, and ends with the image's own words", () => {
    const last = command.slice(command.lastIndexOf(tools.unshare));
    assert.deepEqual(last, [
      ...[tools.unshare, "--root=/root", "--wd=/app", "--setgid=10001", "--setuid=10001"],
      ...["--", "/node", "x"],
    ]);
  });

  it("needs Linux and root", () => {
    assert.equal(obstacle("linux", 0), undefined);
    assert.match(obstacle("linux", 1000) ?? "", /needs root/);
    assert.match(obstacle("darwin", 0) ?? "", /needs Linux/);
  });
});

describe("the budget to declare", () => {
  it("is the slowest complete drain, in whole seconds", () => {
    const results = [{ ...pass(), drainMs: 700 }, { ...pass(), drainMs: 1210 }, fail("x")];
    assert.match(budgetInWords(results) ?? "", /took 1\.2 s\. Declare .* ≥ 2 s/);
    assert.equal(budgetInWords([pass(), fail("x")]), undefined);
  });
});
