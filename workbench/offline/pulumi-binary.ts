import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { runGo } from "../support/go-build";
import { onPath } from "../support/on-path";
import { UserError } from "./errors";
import { acquireLock } from "./lock";
import { cacheFolder, PULUMI_VERSION } from "./paths";

const run = promisify(execFile);
const PULUMI = { module: "pulumi", title: "Pulumi", instead: ", or install the Pulumi CLI" };
const [, PINNED_MINOR] = PULUMI_VERSION.split(".").map(Number);

export interface PulumiBinary {
  readonly path: string;
  /** Whether the vendor's own Node.js language host is installed beside it. */
  readonly hasLanguageHost: boolean;
}

/** The `pulumi` to run: the installed one if it is new enough, else the pinned one, built once into the cache. */
export async function findPulumi(say: (line: string) => void): Promise<PulumiBinary> {
  const installed = onPath("pulumi");
  if (installed !== undefined) {
    const version = await versionOf(installed);
    if (isSupported(version)) {
      return {
        path: installed,
        hasLanguageHost: existsSync(join(dirname(installed), "pulumi-language-nodejs")),
      };
    }
    say(
      `pulumi ${version ?? "of unknown version"} on PATH does not match SDK ${PULUMI_VERSION}: using the pinned one.`,
    );
  }
  const path = await pinned(say);
  announceLanguage(dirname(path));
  return { path, hasLanguageHost: false };
}

// For a policy pack the engine asks whether a language host is installed beside it, although it then talks to the one
// in PULUMI_DEBUG_LANGUAGES. This file answers the question; nothing starts it.
function announceLanguage(folder: string): void {
  const file = join(folder, "pulumi-language-nodejs");
  if (!existsSync(file)) {
    const reason = "the offline engine serves Node.js by itself: run it with npm run offline";
    writeFileSync(file, `#!/bin/sh\necho "${reason}" >&2\nexit 1\n`, { mode: 0o755 });
  }
}

/** Whether a version can serve the SDK: the pinned minor or a newer one of the same major. */
export function isSupported(version: string | undefined): boolean {
  const [major, minor] = (version ?? "").replace(/^v/, "").split(".").map(Number);
  return major === 3 && minor !== undefined && PINNED_MINOR !== undefined && minor >= PINNED_MINOR;
}

/** What `pulumi version` prints, or undefined when it cannot be run. */
export async function versionOf(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(binary, ["version"], {
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

async function pinned(say: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder(), "bin");
  const binary = join(folder, `pulumi-v${PULUMI_VERSION}`);
  if (existsSync(binary)) {
    return binary;
  }
  mkdirSync(folder, { recursive: true });
  const onWait = (pid: number): void => say(`waiting for process ${pid}, which builds Pulumi already …`);
  const lock = await acquireLock(`${binary}.lock`, { waitMilliseconds: 30 * 60_000, onWait });
  try {
    if (!existsSync(binary)) {
      await build(binary, say);
    }
  } finally {
    lock.release();
  }
  return binary;
}

/** Refuses a machine that has no Pulumi, built or installed, and cannot build it. A version is looked at later. */
export function requirePulumi(): void {
  const built = existsSync(join(cacheFolder(), "bin", `pulumi-v${PULUMI_VERSION}`));
  if (!built && onPath("pulumi") === undefined && onPath("go") === undefined) throw new UserError(NO_PULUMI);
}

const NO_PULUMI = `neither pulumi ${PULUMI_VERSION} or newer nor Go is on PATH. Install the Pulumi CLI, or Go 1.26 or newer so that it can be built once.`;

async function build(binary: string, say: (line: string) => void): Promise<void> {
  if (onPath("go") === undefined) throw new UserError(NO_PULUMI);
  say(`building Pulumi ${PULUMI_VERSION} from its Go module, once: about four minutes on two cores`);
  // A killed build must not leave something that looks finished, so the real name appears by renaming only.
  const temporary = `${binary}.${process.pid}.part`;
  try {
    const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI_VERSION}`;
    const flags = ["-v", "-ldflags", `-s -w ${version}`, "-o", temporary];
    // No "go mod download": it asks for modules that the build does not need, and some of them are gone.
    await runGo(PULUMI, ["build", ...flags, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"], say);
    renameSync(temporary, binary);
  } finally {
    rmSync(temporary, { force: true });
  }
}
