import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { UserError } from "./errors";
import { REPOSITORY } from "./paths";

const run = promisify(execFile);

/** Sources that the repository's own pack is compiled from, besides its folder. */
const SHARED_SOURCES = ["tuning", "config", "components/contract.ts"];

/** A pack's folder, its program built and not older than its sources. */
export async function readyPolicyPack(folder: string, say: (line: string) => void): Promise<string> {
  const pack = resolve(folder);
  if (!existsSync(join(pack, "PulumiPolicy.yaml"))) {
    throw new UserError(
      `${pack} is not a policy pack: PulumiPolicy.yaml is missing. Name one with --policy-pack DIR.`,
    );
  }
  if (pack === join(REPOSITORY, "policy") && isStale(pack)) {
    say("building the policy pack …");
    await build();
    // An incremental build leaves an unchanged entry alone; its time is what says that the pack is fresh.
    const now = new Date();
    utimesSync(entryOf(pack), now, now);
  }
  const main = entryOf(pack);
  if (!existsSync(main)) {
    throw new UserError(
      `the policy pack in ${pack} is not built: ${main} is missing. Run npm run build:policy.`,
    );
  }
  return pack;
}

async function build(): Promise<void> {
  try {
    await run("npm", ["run", "--silent", "build:policy"], { cwd: REPOSITORY });
  } catch (error) {
    const output = error instanceof Error && "stdout" in error ? String(error.stdout).trim() : String(error);
    throw new UserError(
      `the policy pack does not compile; no run without it. npm run build:policy said:\n${output}`,
    );
  }
}

function entryOf(pack: string): string {
  const file = join(pack, "package.json");
  const content: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const main =
    typeof content === "object" && content !== null && "main" in content ? content.main : undefined;
  return join(pack, typeof main === "string" ? main : "index.js");
}

function isStale(pack: string): boolean {
  const entry = entryOf(pack);
  if (!existsSync(entry)) {
    return true;
  }
  const sources = [pack, ...SHARED_SOURCES.map((path) => join(REPOSITORY, path))];
  return Math.max(...sources.map(newestSource)) > statSync(entry).mtimeMs;
}

function newestSource(path: string): number {
  if (!existsSync(path)) {
    return 0;
  }
  const info = statSync(path);
  if (!info.isDirectory()) {
    return path.endsWith(".ts") ? info.mtimeMs : 0;
  }
  const children = readdirSync(path).filter((name) => name !== "bin" && name !== "node_modules");
  return Math.max(0, ...children.map((name) => newestSource(join(path, name))));
}
