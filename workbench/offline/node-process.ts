import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** The Node.js that runs programs and policy packs: the caller's own, unless TRADING_NODE names another. */
export function nodeBinary(): string {
  return process.env.TRADING_NODE ?? "node";
}

/** Path of a module of the program's own Pulumi SDK. */
export function sdkModule(directory: string, module: string): string {
  return createRequire(join(directory, "package.json")).resolve(`@pulumi/pulumi/${module}`);
}

/** Starts Node.js in a directory; `onLine` receives both streams line by line. */
export function startNode(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): ChildProcess {
  const child = spawn(nodeBinary(), args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // This process ends when its own parent is gone, killed without a word perhaps: nothing may stay behind it.
  const end = (): boolean => child.kill("SIGKILL");
  process.once("exit", end);
  child.once("close", () => process.removeListener("exit", end));
  return child;
}

/** Reads a stream line by line until it ends. */
export async function readLines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) {
    return;
  }
  for await (const line of createInterface({ input: stream })) {
    onLine(line);
  }
}

/** Waits for the end of a process; a signal counts as 128, and a program that cannot be started as 127. */
export async function exitOf(child: ChildProcess): Promise<number> {
  return await new Promise((resolve) => {
    child.once("error", () => resolve(127));
    child.once("close", (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}
