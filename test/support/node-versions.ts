import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";

/** Versions of Node.js that a machine may have as its own. */
export const NODE_VERSIONS = { "20": "20.20.2", "22": "22.23.3", "24": "24.21.0" } as const;

/** A Node.js of that version from the npm registry, kept in the cache folder; installed once. */
export async function nodeBinary(major: keyof typeof NODE_VERSIONS): Promise<string> {
  const version = NODE_VERSIONS[major];
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "trading-stack");
  const home = join(cache, `node-${version}`);
  const binary = join(home, "node_modules", "node", "bin", "node");
  if (existsSync(binary)) return binary;
  const partial = `${home}.${process.pid}`;
  await mkdir(partial, { recursive: true });
  await execa(
    "npm",
    ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", partial, `node@${version}`],
    { cwd: dirname(partial) },
  );
  await rename(partial, home).catch(() => rm(partial, { recursive: true, force: true }));
  return binary;
}
