import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "./errors";

/** A held lock; releasing it twice is harmless. */
export interface Lock {
  release(): void;
}

export interface LockOptions {
  /** How long to wait for another run. */
  readonly waitMilliseconds: number;
  /** Called once when there is something to wait for. */
  readonly onWait: (pid: number) => void;
  readonly pollMilliseconds?: number;
  /** What is said when the other run does not end in time. */
  readonly refusal?: (pid: number) => string;
}

/** Takes a lock file with this process's id; a file whose process is gone is taken over. */
export async function acquireLock(file: string, options: LockOptions): Promise<Lock> {
  mkdirSync(dirname(file), { recursive: true });
  const deadline = Date.now() + options.waitMilliseconds;
  for (let told = false; ; ) {
    const holder = tryAcquire(file);
    if (holder === undefined) {
      return { release: () => releaseOwn(file) };
    }
    if (Date.now() >= deadline) {
      throw new UserError((options.refusal ?? refusal)(holder));
    }
    if (!told) {
      options.onWait(holder);
      told = true;
    }
    await sleep(options.pollMilliseconds ?? 300);
  }
}

function refusal(pid: number): string {
  return `another offline run (process ${pid}) is using this state. Wait until it ends, or give this run a state of its own with --state DIR.`;
}

// Returns the process that holds the lock, or undefined once it is ours.
function tryAcquire(file: string): number | undefined {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return undefined;
  } catch (error) {
    // A full or read-only disk: trying again would not end.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
      // The name may have fitted where the number did not.
      rmSync(file, { force: true });
      throw error;
    }
    const pid = holderOf(file);
    if (pid !== undefined && isAlive(pid)) {
      return pid;
    }
    rmSync(file, { force: true });
    return tryAcquire(file);
  }
}

function releaseOwn(file: string): void {
  if (holderOf(file) === process.pid) {
    rmSync(file, { force: true });
  }
}

function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM means it exists and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
