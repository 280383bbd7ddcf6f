import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ContextRequest } from "../lab/contexts";
import { type EventLog, parseEvents, readEventLog } from "./events";
import { REPOSITORY } from "./paths";
import { CONTEXT_VARIABLE, LAB_VARIABLE } from "./provider/lab-variable";
import { isProperties, type Properties, type Value } from "./provider/values";
import { findPulumi, type PulumiBinary } from "./pulumi-binary";
import { type PulumiResult, runQuietly } from "./pulumi-process";
import { Sidecar } from "./sidecar";
import {
  analysisEnvironment,
  environment,
  initFolder,
  openWorkspace,
  type ProgramPatch,
  patchedProject,
  previousState,
  removeStaleLocks,
  type Workspace,
} from "./workspace";

export interface EngineOptions {
  /** Folder with Pulumi.yaml; default: this repository. */
  readonly project?: string;
  readonly stack: string;
  /** Folder of a built policy pack to enforce; none if left out. */
  readonly policyPack?: string;
  /** Folder of the simulated account; default: a temporary one that `close` deletes. */
  readonly stateDir?: string;
  /** Folder of a lab on which Kubernetes is real; the same one for all engines of a process. */
  readonly lab?: string;
  /** A cluster that somebody made, on which Kubernetes is real; likewise. */
  readonly context?: ContextRequest;
  /** YAML merged over the stack file, e.g. `{ config: { "trading:region": "us-east-1" } }`; `null` removes a key. */
  readonly configOverrides?: Readonly<Record<string, unknown>>;
  /** Edits of the program, run from a copy of the project. */
  readonly programPatch?: readonly ProgramPatch[];
  /** Whether a lock in the account stops a run. @default false: what a killed run left is taken away */
  readonly respectLocks?: boolean;
}

/** One object of the stack's state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly custom: boolean;
  readonly protect: boolean;
  readonly parent: string;
  readonly dependencies: readonly string[];
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export interface RunResult extends PulumiResult, EventLog {
  /** The state after the run. */
  readonly resources: readonly StateResource[];
}

/** What may change from one run to the next over the same simulated account. */
export type Edits = Pick<EngineOptions, "configOverrides" | "programPatch" | "policyPack" | "respectLocks">;

/** A stack of its own under the real engine. Runs are one after the other. */
export interface Engine {
  preview(flags?: readonly string[]): Promise<RunResult>;
  up(flags?: readonly string[]): Promise<RunResult>;
  destroy(flags?: readonly string[]): Promise<RunResult>;
  refresh(flags?: readonly string[]): Promise<RunResult>;
  analyze(flags?: readonly string[]): Promise<RunResult>;
  /** Takes away the lock of a run that was killed. */
  cancel(): Promise<PulumiResult>;
  /** Replaces the edits of the program and its config for the runs that follow. */
  edit(edits: Edits): void;
  /** The stack's outputs, secrets included. */
  outputs(): Promise<Properties>;
  /** The stack's exported state, for `openEngine` of a copy or for golden files. */
  state(): Properties;
  close(): Promise<void>;
}

let shared:
  | { readonly sidecar: Promise<Sidecar>; readonly binary: Promise<PulumiBinary>; users: number }
  | undefined;

/** Opens a stack. All engines of a process share one provider process, which ends with the last `close`. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  shared ??= {
    sidecar: Sidecar.start({
      ...(options.lab !== undefined && { [LAB_VARIABLE]: options.lab }),
      ...(options.context !== undefined && { [CONTEXT_VARIABLE]: JSON.stringify(options.context) }),
    }),
    binary: findPulumi((line) => process.stderr.write(`${line}\n`)),
    users: 0,
  };
  shared.users += 1;
  const { sidecar, binary } = shared;
  return new StackEngine(options, await sidecar, await binary);
}

async function release(): Promise<void> {
  if (shared && --shared.users === 0) {
    const { sidecar } = shared;
    shared = undefined;
    await (await sidecar).stop();
  }
}

// One engine run at a time over the shared provider process: its account is seeded for one stack.
let queue: Promise<unknown> = Promise.resolve();

function exclusively<Result>(task: () => Promise<Result>): Promise<Result> {
  const result = queue.then(task);
  queue = result.catch(() => undefined);
  return result;
}

class StackEngine implements Engine {
  readonly #sidecar: Sidecar;
  readonly #binary: PulumiBinary;
  readonly #state: string;
  readonly #temporary: string | undefined;
  readonly #options: EngineOptions;
  #edits: Edits;
  #initialised = false;
  #closed = false;

  constructor(options: EngineOptions, sidecar: Sidecar, binary: PulumiBinary) {
    this.#options = options;
    this.#edits = options;
    this.#sidecar = sidecar;
    this.#binary = binary;
    this.#temporary =
      options.stateDir === undefined ? mkdtempSync(join(tmpdir(), "offline-engine-")) : undefined;
    this.#state = resolve(options.stateDir ?? this.#temporary ?? "");
  }

  preview = (flags: readonly string[] = []): Promise<RunResult> => this.#run(["preview", ...flags], true);
  up = (flags: readonly string[] = []): Promise<RunResult> => this.#run(["up", "--yes", ...flags], true);
  destroy = (flags: readonly string[] = []): Promise<RunResult> =>
    this.#run(["destroy", "--yes", ...flags], false);
  refresh = (flags: readonly string[] = []): Promise<RunResult> =>
    this.#run(["refresh", "--yes", ...flags], false);
  analyze = (flags: readonly string[] = []): Promise<RunResult> =>
    this.#run(["policy", "analyze", ...flags], true);

  async cancel(): Promise<PulumiResult> {
    const workspace = this.#workspace();
    return await this.#pulumi(workspace, ["cancel", "--yes"], initFolder(workspace));
  }

  edit(edits: Edits): void {
    this.#edits = edits;
  }

  async outputs(): Promise<Properties> {
    const workspace = this.#workspace();
    const result = await this.#pulumi(
      workspace,
      ["stack", "output", "--json", "--show-secrets"],
      initFolder(workspace),
    );
    const content: Value = JSON.parse(result.stdout);
    return isProperties(content) ? content : {};
  }

  state(): Properties {
    const file = this.#workspace().checkpoint;
    const content: Value = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    return isProperties(content) ? content : {};
  }

  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    if (this.#temporary !== undefined) {
      rmSync(this.#temporary, { recursive: true, force: true });
    }
    await release();
  }

  #workspace(): Workspace {
    const { project = REPOSITORY, stack } = this.#options;
    const { programPatch = [], configOverrides = {} } = this.#edits;
    const folder = join(this.#state, "program");
    const source = programPatch.length > 0 ? patchedProject(project, folder, programPatch) : project;
    return openWorkspace({ project: source, stack, state: this.#state, configOverrides });
  }

  #run(command: readonly string[], withPolicies: boolean): Promise<RunResult> {
    return exclusively(async () => {
      const workspace = this.#workspace();
      await this.#initialise(workspace);
      await this.#sidecar.seed(workspace.checkpoint);
      const { policyPack } = this.#edits;
      const events = join(this.#state, `events-${randomUUID()}.jsonl`);
      const analyze = command[0] === "policy";
      const result = await this.#pulumi(
        workspace,
        [
          ...command,
          ...(analyze ? ["--json"] : ["--config-file", workspace.configFile, "--event-log", events]),
          ...(policyPack !== undefined && withPolicies ? ["--policy-pack", resolve(policyPack)] : []),
        ],
        workspace.project,
      );
      // `policy analyze` has no event log; it prints the same events, one JSON object a line.
      const log = analyze
        ? parseEvents(result.stdout.split("\n").filter((line) => line.startsWith("{")))
        : readEventLog(events);
      rmSync(events, { force: true });
      return { ...result, ...log, resources: resourcesOf(this.state()) };
    });
  }

  async #initialise(workspace: Workspace): Promise<void> {
    if (this.#edits.respectLocks !== true) removeStaleLocks(workspace);
    if (this.#initialised || existsSync(workspace.checkpoint)) {
      this.#initialised = true;
      return;
    }
    mkdirSync(this.#state, { recursive: true });
    const result = await this.#pulumi(workspace, ["stack", "init", "--no-select"], initFolder(workspace));
    if (result.exitCode !== 0) {
      throw new Error(`pulumi stack init failed: ${result.stdout}${result.stderr}`);
    }
    this.#initialised = true;
  }

  async #pulumi(workspace: Workspace, args: readonly string[], cwd: string): Promise<PulumiResult> {
    // Whoever was interrupted between two runs must not begin the second one on an account that is being removed.
    if (this.#closed) throw new Error("this engine is closed");
    return await runQuietly({
      binary: this.#binary.path,
      args: [...args, "--stack", workspace.stack, "--non-interactive", "--color", "never"],
      cwd,
      env: {
        ...environment(workspace, this.#binary, this.#sidecar.ports),
        ...previousState(workspace),
        ...(args[0] === "policy" ? analysisEnvironment(workspace) : {}),
      },
    });
  }
}

function resourcesOf(checkpoint: Properties): readonly StateResource[] {
  const latest = isProperties(checkpoint.checkpoint) ? checkpoint.checkpoint.latest : undefined;
  const resources = isProperties(latest) && Array.isArray(latest.resources) ? latest.resources : [];
  return resources.filter(isProperties).map((resource) => ({
    urn: String(resource.urn),
    type: String(resource.type),
    id: typeof resource.id === "string" ? resource.id : "",
    custom: resource.custom === true,
    protect: resource.protect === true,
    parent: typeof resource.parent === "string" ? resource.parent : "",
    dependencies: Array.isArray(resource.dependencies) ? resource.dependencies.map(String) : [],
    inputs: isProperties(resource.inputs) ? resource.inputs : {},
    outputs: isProperties(resource.outputs) ? resource.outputs : {},
  }));
}
