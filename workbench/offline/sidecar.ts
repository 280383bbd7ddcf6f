import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { UserError } from "./errors";

/** Ports of the simulated providers and of the language host. */
export interface Ports {
  readonly aws: number;
  readonly eks: number;
  readonly kubernetes: number;
  readonly nodejs: number;
}

/** The process that serves the simulated providers, for one run or for many in a row. */
export class Sidecar {
  readonly ports: Ports;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(child: ChildProcess, reader: Interface, lines: AsyncIterator<string>, ports: Ports) {
    this.#child = child;
    this.#reader = reader;
    this.#lines = lines;
    this.ports = ports;
  }

  /** @param extra what the process is told in its environment */
  static async start(extra: Readonly<Record<string, string>> = {}): Promise<Sidecar> {
    const entry = join(__dirname, "provider", "main.ts");
    // Detached from the terminal's process group: Ctrl-C must let the engine finish with its providers still there.
    const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", entry], {
      cwd: join(__dirname, "..", ".."),
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
      env: { ...process.env, ...extra },
    });
    const reader = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) {
      throw new UserError("the offline provider ended before it was ready; its own message is above.");
    }
    return new Sidecar(child, reader, lines, parsePorts(first.value));
  }

  /** Makes the simulated account hold what a stack's state says, before a run. */
  async seed(stateFile: string): Promise<void> {
    this.#child.stdin?.write(`seed ${stateFile}\n`);
    await this.#lines.next();
  }

  /** How many policies each pack of the last runs has; empty where the vendor's language host served them. */
  async policies(): Promise<Readonly<Record<string, number>>> {
    this.#child.stdin?.write("policies\n");
    const line = await this.#lines.next();
    return line.done === true ? {} : JSON.parse(line.value);
  }

  /** Ends the process and waits until it is gone. */
  async stop(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#child.once("close", () => resolve());
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        resolve();
      }
    });
    this.#child.stdin?.end();
    this.#reader.close();
    await gone;
  }
}

function parsePorts(line: string): Ports {
  const value: Partial<Ports> = JSON.parse(line);
  const { aws, eks, kubernetes, nodejs } = value;
  if (aws === undefined || eks === undefined || kubernetes === undefined || nodejs === undefined) {
    throw new Error(`the offline provider announced "${line}" instead of its ports`);
  }
  return { aws, eks, kubernetes, nodejs };
}
