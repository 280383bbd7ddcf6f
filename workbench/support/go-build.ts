import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError } from "../offline/errors";
import { acquireLock } from "../offline/lock";
import { exitOf, readLines } from "../offline/node-process";
import { cacheFolder, REPOSITORY } from "../offline/paths";
import { supervise } from "../offline/pulumi-process";
import { onPath } from "./on-path";

/** A Go module under `workbench/tools`. */
export interface GoModule {
  /** Folder under `workbench/tools`. */
  readonly module: string;
  /** As the person at the terminal knows it. */
  readonly title: string;
  /** What else would do, to be said when a build fails. */
  readonly instead?: string;
}

/** A Go module, and the programs that are built from it. */
export interface GoTool extends GoModule {
  readonly version: string;
  /** Package path of each program. */
  readonly packages: readonly string[];
  /** Package variables that the linker sets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Whether it must run without a C library. @default false */
  readonly isStatic?: boolean;
  /** How long it takes, in words. */
  readonly duration: string;
}

type Say = (line: string) => void;

const PART = ".part-";
const WAIT_FOR_OTHER_BUILD = 60 * 60_000;
/** Several builds may run at once. */
const PROGRESS_MILLISECONDS = 5000;

/** Folder of a tool's programs, built once into the cache; a build that was killed leaves nothing that looks finished. */
export async function builtTool(tool: GoTool, say: Say): Promise<string> {
  const folder = toolFolder(tool);
  if (isComplete(tool, folder)) {
    return folder;
  }
  mkdirSync(join(cacheFolder(), "bin"), { recursive: true });
  const lock = await acquireLock(`${folder}.lock`, {
    waitMilliseconds: WAIT_FOR_OTHER_BUILD,
    onWait: (pid) => say(`waiting for process ${pid}, which builds ${tool.title} already …`),
    refusal: (pid) =>
      `process ${pid} has been building ${tool.title} for an hour. End it, and run this again.`,
  });
  try {
    if (!isComplete(tool, folder)) {
      await build(tool, folder, say);
    }
  } finally {
    lock.release();
  }
  return folder;
}

// A folder of an older checkout may lack a program that was asked for since.
function isComplete({ packages }: GoTool, folder: string): boolean {
  return packages.every((path) => existsSync(join(folder, programOf(path))));
}

/** Name that `go build` gives a package's program: the last part of its path that is not a major version. */
function programOf(path: string): string {
  const parts = path.split("/").filter((part) => !/^v\d+$/.test(part));
  return parts.at(-1) ?? path;
}

/** Where a tool's programs are once they are built. */
export function toolFolder({ module, version }: Pick<GoTool, "module" | "version">): string {
  return join(cacheFolder(), "bin", `${module}-v${version}`);
}

/** The arguments of `go build` for a tool; one call for all its programs, which share most packages. */
export function buildArguments({ packages, variables = {} }: GoTool, output: string): string[] {
  const set = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  // A trailing slash makes it a folder even for a single program.
  return ["build", "-v", "-ldflags", ["-s", "-w", ...set].join(" "), "-o", `${output}/`, ...packages];
}

/** Folder of a Go module's files, in Go's own module cache. */
export async function moduleFolder(module: string, path: string): Promise<string> {
  const child = spawn("go", ["list", "-m", "-f", "{{.Dir}}", path], {
    cwd: moduleSource(module),
    stdio: ["ignore", "pipe", "ignore"],
  });
  supervise(child);
  const lines: string[] = [];
  await Promise.all([readLines(child.stdout, (line) => lines.push(line)), exitOf(child)]);
  const [folder] = lines;
  if (folder === undefined || folder === "") {
    throw new UserError(`Go does not find the files of ${path}: check that it can reach its module proxy.`);
  }
  return folder;
}

function moduleSource(module: string): string {
  return join(REPOSITORY, "workbench", "tools", module);
}

async function build(tool: GoTool, folder: string, say: Say): Promise<void> {
  if (onPath("go") === undefined) {
    throw new UserError(
      `Go is not on PATH, and ${tool.title} ${tool.version} is not built yet. Install Go 1.26 or newer: it is built once.`,
    );
  }
  removeLeftovers(folder);
  say(`building ${tool.title} ${tool.version} from its Go module, once: ${tool.duration} on two cores`);
  const temporary = mkdtempSync(`${folder}${PART}`);
  try {
    await runGo(tool, buildArguments(tool, temporary), say);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

// The lock is ours, so whatever is half built belongs to a process that was killed.
function removeLeftovers(folder: string): void {
  const prefix = `${basename(folder)}${PART}`;
  for (const name of readdirSync(dirname(folder)).filter((entry) => entry.startsWith(prefix))) {
    rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** Runs Go in a module, counts what it downloads and compiles, and says a failure in one sentence. */
export async function runGo(
  tool: GoModule & Pick<GoTool, "isStatic">,
  args: readonly string[],
  say: Say,
): Promise<void> {
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 1000);
  let downloaded = 0;
  let compiled = 0;
  const complaints: string[] = [];
  const child = spawn("go", args, {
    cwd: moduleSource(tool.module),
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...(tool.isStatic === true && { CGO_ENABLED: "0" }) },
  });
  const reading = readLines(child.stderr, (line) => {
    if (line.startsWith("go: downloading ")) {
      downloaded += 1;
    } else if (isPackage(line)) {
      compiled += 1;
    } else {
      complaints.push(line.trim());
    }
  });
  const progress = (): void =>
    say(`  ${tool.title}, ${seconds()} s: ${downloaded} modules downloaded, ${compiled} packages compiled`);
  const timer = setInterval(progress, PROGRESS_MILLISECONDS);
  supervise(child);
  try {
    const code = await exitOf(child);
    await reading;
    if (code !== 0) {
      throw new UserError(buildFailure(tool, complaints, code));
    }
    progress();
  } finally {
    clearInterval(timer);
  }
}

// With -v, Go names each package that it compiles on a line of its own.
function isPackage(line: string): boolean {
  return /^[\w.~-]+(\/[\w.~+-]+)*$/.test(line);
}

/** What went wrong in a build, in one sentence with its remedy. */
export function buildFailure(
  { title, instead = "" }: Pick<GoModule, "title" | "instead">,
  complaints: readonly string[],
  code: number,
): string {
  const full = complaints.find((line) => line.includes("no space left on device"));
  if (full !== undefined) {
    return `${title} could not be built: the disk is full. Free about 5 GB, and run it again.`;
  }
  const reason = complaints.at(-1) ?? `go ended with exit code ${code}`;
  return `${title} could not be built: ${reason}. Check that Go 1.26 or newer can reach its module proxy${instead}.`;
}
