import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { LabFolder } from "../../workbench/lab/paths";
import { cgroupsLike } from "../../workbench/lab/real/cgroups";
import { labId } from "../../workbench/lab/real/node-folder";

const ROOT = join(__dirname, "..", "..");

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CommandOptions {
  readonly path?: string;
  readonly onLine?: (line: string, pid: number) => void;
}

/** Runs `npm run lab -- …`, see {@link command}. */
export async function lab(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return await command("lab", args, options);
}

/** Runs a command of the workbench as a person would, in a process of its own; a signal can be sent to it by its id. */
export async function command(
  name: "lab" | "local" | "offline",
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const entry = join(ROOT, "workbench", name, "cli.ts");
  const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", entry, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(options.path !== undefined && { PATH: options.path }) },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
    options.onLine?.(data.toString(), child.pid ?? 0);
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Ids of all processes that were started for a lab, whatever became of their pid files. */
export function processesOf(state: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`TRADING_LAB=${state}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** What a lab with real nodes left on this machine: processes, mounts, namespaces, interfaces, cgroups and log links. */
export function tracesOf(lab: LabFolder): string[] {
  const { root } = lab;
  const id = labId(lab);
  const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
  const run = (...args: readonly string[]): string[] => lines(execFileSync("ip", args, { encoding: "utf8" }));
  const logs = "/var/log/containers";
  const links = existsSync(logs) ? readdirSync(logs) : [];
  return [
    ...processesOf(root).map((pid) => `process ${pid}`),
    ...lines(readFileSync("/proc/self/mountinfo", "utf8")).filter((line) => line.includes(root)),
    ...run("netns", "list").filter((line) => line.includes(`lab-${id}`)),
    ...run("-o", "link").filter((line) => line.includes(id)),
    ...cgroupsLike(`lab-${id}-`).map((path) => `cgroup ${path}`),
    ...links.filter((name) => readlinkSync(join(logs, name)).startsWith(root)),
  ];
}
