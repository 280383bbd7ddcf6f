import { type ChildProcess, spawn } from "node:child_process";

export interface PulumiResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PulumiCommand {
  readonly binary: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const running = new Set<ChildProcess>();

/** Runs Pulumi on this terminal; returns its exit code. */
export async function runOnTerminal(command: PulumiCommand): Promise<number> {
  const child = spawn(command.binary, command.args, { cwd: command.cwd, env: command.env, stdio: "inherit" });
  return await exitCode(child);
}

/** Runs Pulumi and collects what it prints. */
export async function runQuietly(command: PulumiCommand): Promise<PulumiResult> {
  const child = spawn(command.binary, command.args, {
    cwd: command.cwd,
    env: command.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => out.push(data));
  child.stderr.on("data", (data: Buffer) => err.push(data));
  const code = await exitCode(child);
  return { exitCode: code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** Lets a process that this one started receive the signals that this one receives. */
export function supervise(child: ChildProcess): void {
  running.add(child);
  child.once("close", () => running.delete(child));
}

/** Passes a signal on to everything that is running; returns whether there was anything. */
export function signalAll(signal: NodeJS.Signals | 0): boolean {
  for (const child of running) {
    child.kill(signal);
  }
  return running.size > 0;
}

async function exitCode(child: ChildProcess): Promise<number> {
  supervise(child);
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}
