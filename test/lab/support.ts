import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

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
  name: "lab" | "local",
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
