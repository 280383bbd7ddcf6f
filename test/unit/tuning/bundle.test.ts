import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { MANAGED_KERNEL_KEYS, planNode } from "../../../tuning";
import { BUNDLE_PATH, bundleText, readBundle } from "../../../tuning/bundle";
import { nodeSettings } from "../../../tuning/node-settings";

const SCRIPTS = join(__dirname, "..", "..", "..", "tuning", "node", "bundle");

/** zopfli, where it is installed, writes gzip that is some 3 % smaller; whoever reads it sees no difference. */
function compress(text: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  try {
    writeFileSync(join(folder, "bundle"), text);
    const zopfli = spawnSync("zopfli", ["--i50", "-c", join(folder, "bundle")]);
    return zopfli.status === 0 ? zopfli.stdout : gzipSync(text, { level: 9 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("bundle of scripts", () => {
  it("is kept as what the scripts are now", () => {
    const text = bundleText();
    const kept = () => gunzipSync(Buffer.from(readFileSync(BUNDLE_PATH, "utf8"), "base64")).toString();
    if (process.env["UPDATE_GOLDEN"] === "1" && kept() !== text) {
      writeFileSync(BUNDLE_PATH, `${compress(text).toString("base64")}\n`);
    }
    assert.ok(kept() === text, "reviewed and meant? Run the tests with UPDATE_GOLDEN=1");
    assert.match(readBundle(), /^[A-Za-z0-9+/]+={0,2}$/);
  });

  it("loses comments and indentation on the way, and no line of code", () => {
    for (const name of readdirSync(SCRIPTS)) {
      const lines = readFileSync(join(SCRIPTS, name), "utf8")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !/^#(?!!)/.test(line));
      assert.ok(bundleText().includes(`=== ${name}\n${lines.join("\n")}\n`), name);
    }
  });

  it("is bash that parses without its comments", () => {
    for (const part of bundleText().split(/^=== /m).slice(1)) {
      const name = part.slice(0, part.indexOf("\n"));
      if (name.endsWith(".sh"))
        execFileSync("bash", ["-n"], { input: part.slice(name.length + 1), encoding: "utf8" });
    }
  });

  it("holds no here-document and no continued line, which the loss of indentation could change", () => {
    assert.doesNotMatch(bundleText(), /<<-?['"]?[A-Z_]+['"]?$/m);
  });

  it("knows the same kernel keys as the plan", () => {
    assert.equal(readFileSync(join(SCRIPTS, "managed-keys"), "utf8"), `${MANAGED_KERNEL_KEYS.join(" ")}\n`);
  });

  it("reads every setting that the plan writes, and no other", () => {
    const plan = planNode({ instanceType: "c7i.4xlarge", mode: "balanced", engineGraceSeconds: 60 });
    const read = new Set([...bundleText().matchAll(/\$\{?([A-Z][A-Z0-9_]+)/g)].map(([, name = ""]) => name));
    for (const name of Object.keys(nodeSettings(plan))) assert.ok(read.has(name), name);
    const own = new Set([...bundleText().matchAll(/\b([A-Z][A-Z0-9_]+)=/g)].map(([, name = ""]) => name));
    const unknown = [...read].filter((name) => !own.has(name) && !(name in nodeSettings(plan)));
    // The test's prefix for paths, bash's own variable, and awk's.
    assert.deepEqual(unknown.sort(), ["BASH_SOURCE", "NF", "TRADING_ROOT"]);
  });
});
