import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { boundPort } from "../../examples/engine/shell/http";
import { sleep } from "../../examples/engine/shell/sleep";
import { removeFolders } from "./temporary";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** Every process that was started and has not ended: none may outlive the program. */
const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) signalGroup(child, "SIGKILL");
}

/** The whole group: a program that runs under another, such as strace, must not outlive it. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

process.once("exit", () => {
  killAll();
  removeFolders();
});

/** A program under observation, with its output kept. */
export class Program {
  readonly #child: ChildProcess;
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;
  output = "";

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [file, ...args] = command;
    if (file === undefined) throw new Error("there is no command to start");
    this.#child = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    running.add(this.#child);
    const collect = (chunk: Buffer) => {
      // Enough to explain a failure, and no more of a program that writes without end.
      this.output = (this.output + chunk.toString()).slice(-64 * 1024);
    };
    this.#child.stdout?.on("data", collect);
    this.#child.stderr?.on("data", collect);
    this.exited = new Promise((resolve) => {
      const ended = (code: number | null, signal: NodeJS.Signals | null) => {
        running.delete(this.#child);
        this.exit ??= { code, signal, at: performance.now() };
        resolve(this.exit);
      };
      this.#child.once("exit", ended);
      this.#child.once("error", (error) => {
        this.output += error.message;
        ended(127, null);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    signalGroup(this.#child, signal);
  }

  /** How it ended, or undefined if it has not after `ms`. */
  async within(ms: number): Promise<Exit | undefined> {
    await Promise.race([this.exited, sleep(ms)]);
    return this.exit;
  }

  /** Also ends a process that is stopped. */
  async kill(): Promise<void> {
    // Also when the leader has ended: what it started may not have.
    signalGroup(this.#child, "SIGKILL");
    await this.exited;
  }

  /** The last line of output, for a reason. */
  lastLine(): string {
    return this.output.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
  }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = boundPort(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Polls until `check` gives something, or says what was waited for. */
export async function until<T>(
  what: string,
  ms: number,
  check: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(15);
  }
}
