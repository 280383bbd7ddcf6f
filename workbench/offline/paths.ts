import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout that this file belongs to. */
export const REPOSITORY = resolve(__dirname, "..", "..");

/** Version of the Pulumi CLI that is built when none is installed: that of the SDK in package.json. */
export const PULUMI_VERSION = "3.259.0";

/** Folder of everything that may be thrown away. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "trading-stack");
}

/** Where a checkout's simulated account lives: one for each project folder, so that two checkouts never meet. */
export function defaultStateFolder(project: string): string {
  const digest = createHash("sha256").update(resolve(project)).digest("hex").slice(0, 12);
  return join(cacheFolder(), "state", digest);
}
