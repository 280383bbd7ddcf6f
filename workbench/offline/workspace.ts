import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import { UserError } from "./errors";
import { isProperties } from "./provider/values";
import type { PulumiBinary } from "./pulumi-binary";
import type { Ports } from "./sidecar";
import { copyStackFile, flatConfig } from "./stack-file";

export interface WorkspaceOptions {
  readonly project: string;
  readonly stack: string;
  /** Folder of the simulated account: backend, copies of stack files, Pulumi's own home. */
  readonly state: string;
  readonly configOverrides?: Readonly<Record<string, unknown>>;
}

/** One stack of one project over one simulated account. */
export interface Workspace {
  readonly project: string;
  readonly projectName: string;
  readonly stack: string;
  readonly state: string;
  readonly configFile: string;
  /** The stack's checkpoint in the file backend: what the provider is seeded from. */
  readonly checkpoint: string;
}

/** Lays out the folders and the copy of the stack file. Nothing is written into the project. */
export function openWorkspace(options: WorkspaceOptions): Workspace {
  const project = resolve(options.project);
  const state = resolve(options.state);
  const projectName = readProjectName(project);
  for (const folder of ["backend", "home"]) {
    mkdirSync(join(state, folder), { recursive: true });
  }
  const configFile = copyStackFile(project, options.stack, join(state, "config"), options.configOverrides);
  return {
    project,
    projectName,
    stack: options.stack,
    state,
    configFile,
    checkpoint: join(state, "backend", ".pulumi", "stacks", projectName, `${options.stack}.json`),
  };
}

/** Environment of every Pulumi command of a workspace. */
export function environment(
  workspace: Workspace,
  binary: PulumiBinary,
  ports: Ports | undefined,
): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([key]) => !key.startsWith("PULUMI_") && !key.startsWith("AWS_"),
  );
  return {
    ...Object.fromEntries(inherited),
    PULUMI_HOME: join(workspace.state, "home"),
    PULUMI_BACKEND_URL: `file://${join(workspace.state, "backend")}`,
    // Protects nothing real: the state holds simulated values only.
    PULUMI_CONFIG_PASSPHRASE: "offline",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DEBUG_COMMANDS: "true",
    ...(ports && {
      PULUMI_DEBUG_PROVIDERS: `aws:${ports.aws},eks:${ports.eks},kubernetes:${ports.kubernetes}`,
      ...(binary.hasLanguageHost ? {} : { PULUMI_DEBUG_LANGUAGES: `nodejs:${ports.nodejs}` }),
    }),
  };
}

/**
 * What `policy analyze` adds to the environment. It judges a bare state and tells the pack nothing of the stack, so
 * rules that read the stack's configuration would find none; the pack's process inherits it instead.
 */
export function analysisEnvironment(workspace: Workspace): NodeJS.ProcessEnv {
  return {
    PULUMI_CONFIG: JSON.stringify(flatConfig(workspace.configFile, workspace.projectName)),
    PULUMI_NODEJS_PROJECT: workspace.projectName,
    PULUMI_NODEJS_STACK: workspace.stack,
    PULUMI_NODEJS_ORGANIZATION: "organization",
    PULUMI_NODEJS_DRY_RUN: "false",
  };
}

/**
 * Tells the policy pack what is deployed, in the form of `pulumi stack export`: a rule about a change needs both sides.
 * A new stack has no other side.
 */
export function previousState(workspace: Workspace): NodeJS.ProcessEnv {
  const checkpoint: unknown = existsSync(workspace.checkpoint)
    ? JSON.parse(readFileSync(workspace.checkpoint, "utf8"))
    : undefined;
  const deployment =
    isProperties(checkpoint) && isProperties(checkpoint.checkpoint) ? checkpoint.checkpoint.latest : null;
  if (!isProperties(deployment)) return {};
  const file = join(workspace.state, "previous.json");
  writeFileSync(file, JSON.stringify({ deployment }));
  return { TRADING_PREVIOUS_STATE: file };
}

/** A folder with the project's name and the stack file, for commands that would write into the project's own folder. */
export function initFolder(workspace: Workspace): string {
  writeFileSync(
    join(workspace.state, "config", "Pulumi.yaml"),
    `name: ${JSON.stringify(workspace.projectName)}\nruntime: nodejs\n`,
  );
  return join(workspace.state, "config");
}

/** Locks of the file backend that a killed run left behind; only safe while our own lock is held. */
export function removeStaleLocks(workspace: Workspace): void {
  rmSync(join(workspace.state, "backend", ".pulumi", "locks"), { recursive: true, force: true });
}

/** An edit of one file of a program. */
export interface ProgramPatch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A copy of a project with edits, its dependencies linked; every edit must find its text exactly once. */
export function patchedProject(project: string, target: string, patches: readonly ProgramPatch[]): string {
  const skipped = new Set(["node_modules", ".git", "workbench", "test", "docs", ".ci"]);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(project).filter((name) => !skipped.has(name))) {
    cpSync(join(project, entry), join(target, entry), { recursive: true });
  }
  const modules = nearestModules(project);
  if (modules !== undefined) {
    symlinkSync(modules, join(target, "node_modules"));
  }
  for (const { file, find, replace } of patches) {
    const path = join(target, file);
    const content = readFileSync(path, "utf8");
    const found = content.split(find).length - 1;
    if (found !== 1) {
      throw new Error(`patch of ${file}: expected the text once, found it ${found} times: ${find}`);
    }
    writeFileSync(
      path,
      content.replace(find, () => replace),
    );
  }
  return target;
}

function nearestModules(folder: string): string | undefined {
  const candidate = join(folder, "node_modules");
  const parent = resolve(folder, "..");
  return existsSync(candidate) ? candidate : parent === folder ? undefined : nearestModules(parent);
}

function readProjectName(project: string): string {
  const file = join(project, "Pulumi.yaml");
  if (!existsSync(file)) {
    throw new UserError(
      `${project} is not a Pulumi project: ${basename(file)} is missing. Name one with --project DIR.`,
    );
  }
  const content: unknown = parse(readFileSync(file, "utf8"));
  const name =
    typeof content === "object" && content !== null && "name" in content ? content.name : undefined;
  if (typeof name !== "string") {
    throw new UserError(`${file} has no "name".`);
  }
  return name;
}
