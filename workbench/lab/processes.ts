import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabFolder } from "./paths";

/** Where the processes of a lab, or of one of its nodes, keep their pid files and logs. */
export type ProcessPlace = Pick<LabFolder, "root" | "lab" | "pidFile" | "log">;

/** What a process is started with. */
export interface ProcessCommand {
  readonly name: string;
  readonly binary: string;
  readonly args: readonly string[];
  /** Where it runs, if not in the lab's folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** In the environment of every process of a lab, so that one whose pid file is lost is found all the same. */
export const MARK = "TRADING_LAB";

const TERM_MILLISECONDS = 8000;
const KILL_MILLISECONDS = 3000;

/** Starts a process of its own session, which outlives this one, with its output in the lab's log folder. */
export function startProcess(lab: ProcessPlace, { name, binary, args, cwd, env }: ProcessCommand): number {
  mkdirSync(dirname(lab.log(name)), { recursive: true });
  // A log tells of one process only; that of the one before, which may have crashed, is kept beside it.
  if (existsSync(lab.log(name))) renameSync(lab.log(name), `${lab.log(name)}.previous`);
  const log = openSync(lab.log(name), "a");
  try {
    const child = spawn(binary, args, {
      cwd: cwd ?? lab.root,
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...env, [MARK]: lab.lab },
    });
    // A program that cannot be started shows as a process that is not there; the caller looks.
    child.once("error", () => {});
    child.unref();
    if (child.pid === undefined) {
      throw new Error(`${binary} cannot be started`);
    }
    writeFileSync(lab.pidFile(name), pidRecord(child.pid));
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** The process's id if the pid file's process still runs: the same one, not another that was given its number. */
export function runningPid(lab: ProcessPlace, name: string): number | undefined {
  const record = readOptional(lab.pidFile(name));
  const pid = Number(record?.split(" ")[0]);
  return Number.isInteger(pid) && pid > 0 && record === pidRecord(pid) ? pid : undefined;
}

/** Processes of this lab other than those given. */
export function strayPids(lab: LabFolder, known: readonly (number | undefined)[]): number[] {
  return markedPids(lab.root).filter((pid) => !known.includes(pid));
}

/** Ends processes of the lab, and returns when they are gone. */
export async function stopProcesses(lab: ProcessPlace, names: readonly string[]): Promise<void> {
  // Last started, first stopped: the API server says goodbye to an etcd that still answers.
  for (const name of [...names].reverse()) {
    const pid = runningPid(lab, name);
    if (pid !== undefined) {
      await stopPid(pid);
    }
    rmSync(lab.pidFile(name), { force: true });
  }
}

/** Ends one process, at first politely. */
export async function stopPid(pid: number): Promise<void> {
  const start = startTime(pid);
  const isGone = (): boolean => startTime(pid) === undefined || startTime(pid) !== start;
  for (const [signal, patience] of [
    ["SIGTERM", TERM_MILLISECONDS],
    ["SIGKILL", KILL_MILLISECONDS],
  ] as const) {
    if (isGone()) return;
    // A stopped process takes no SIGTERM before it goes on.
    signalPid(pid, "SIGCONT");
    signalPid(pid, signal);
    for (const deadline = Date.now() + patience; !isGone() && Date.now() < deadline; ) {
      await sleep(20);
    }
  }
  if (!isGone()) {
    throw new Error(`process ${pid} does not end, not even by SIGKILL`);
  }
}

/** The last lines of a process's log that say what went wrong. */
export function lastWords(log: string): string {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const isComplaint = (line: string): boolean => /^[EF]\d{4}|error|fatal|panic|denied|no space/i.test(line);
  const line = lines.findLast(isComplaint) ?? lines.at(-1) ?? "it wrote nothing";
  return line.trim().slice(0, 300);
}

export function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function signalPid(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime: what was wanted.
  }
}

function pidRecord(pid: number): string {
  return `${pid} ${startTime(pid) ?? "gone"} ${bootId()}`;
}

/** When a process started, in ticks since boot; undefined when it is gone or only waits to be reaped. */
export function startTime(pid: number): string | undefined {
  const stat = readOptional(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : startTimeOf(stat);
}

/** Start time in a line of /proc/PID/stat. The program's name comes first, in brackets, and may hold anything. */
export function startTimeOf(stat: string): string | undefined {
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || state === "X" ? undefined : fields[18];
}

// Start times count from boot: without its id, a pid file could name another process after a restart.
function bootId(): string {
  return (readOptional("/proc/sys/kernel/random/boot_id") ?? "").trim();
}

function markedPids(root: string): number[] {
  const mark = `${MARK}=${root}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => (readOptional(`/proc/${pid}/environ`) ?? "").split("\0").includes(mark))
    .map(Number)
    .filter((pid) => pid !== process.pid && startTime(pid) !== undefined);
}
