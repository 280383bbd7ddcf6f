import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs a program of the system to its end; its complaint is the error's message. */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { maxBuffer: 64 * 2 ** 20 });
    return stdout;
  } catch (error) {
    const complaint =
      typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr).trim() : "";
    throw new Error(
      `${program} ${args.join(" ")}: ${complaint || (error instanceof Error ? error.message : String(error))}`,
    );
  }
}

/** As {@link run}, for what may be gone already; returns whether it was there. */
export async function tryRun(program: string, ...args: readonly string[]): Promise<boolean> {
  try {
    await run(program, ...args);
    return true;
  } catch {
    return false;
  }
}
