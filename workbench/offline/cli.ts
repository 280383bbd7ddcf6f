import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type OfflineArguments, parseArguments } from "./arguments";
import { runMain, UserError } from "./errors";
import { readEventLog } from "./events";
import { helpText } from "./help";
import { acquireLock, type Lock } from "./lock";
import { REPOSITORY } from "./paths";
import { readyPolicyPack } from "./policy-pack";
import { isProperties, type Value } from "./provider/values";
import { findPulumi, type PulumiBinary } from "./pulumi-binary";
import { runOnTerminal, runQuietly, signalAll } from "./pulumi-process";
import { Sidecar } from "./sidecar";
import { summarize } from "./summary";
import { type Target, targetOf } from "./target";
import {
  analysisEnvironment,
  environment,
  initFolder,
  openWorkspace,
  previousState,
  removeStaleLocks,
  type Workspace,
} from "./workspace";

interface Session {
  readonly options: OfflineArguments;
  readonly target: Target;
  readonly workspace: Workspace;
  readonly binary: PulumiBinary;
  readonly sidecar: Sidecar;
  readonly policyPack: string | undefined;
}

const WAIT_FOR_OTHER_RUN = 10 * 60_000;

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2));
  if (options.command === "help") {
    process.stdout.write(helpText(options.topic));
    return 0;
  }
  const { project = REPOSITORY, stack } = options;
  const target = await targetOf(options, project);
  const state = options.state ?? target.state;
  const workspace = openWorkspace({ project, stack, state });
  let lock: Lock | undefined;
  let sidecar: Sidecar | undefined;
  const stopInterrupts = passInterruptsOn();
  try {
    lock = await acquireLock(join(state, "lock"), {
      waitMilliseconds: WAIT_FOR_OTHER_RUN,
      onWait: (pid) => say(`another offline run (process ${pid}) uses this state: waiting for it to end …`),
    });
    const binary = await findPulumi(say);
    const policyPack = needsPolicies(options)
      ? await readyPolicyPack(packOf(options, project), say)
      : undefined;
    sidecar = await Sidecar.start(target.environment);
    return await run({ options, target, workspace, binary, sidecar, policyPack });
  } finally {
    await sidecar?.stop();
    lock?.release();
    stopInterrupts();
  }
}

function needsPolicies({ command, policies }: OfflineArguments): boolean {
  return policies && (command === "preview" || command === "up" || command === "analyze");
}

function packOf({ policyPack }: OfflineArguments, project: string): string {
  const own = join(project, "policy");
  return policyPack ?? (existsSync(own) ? own : join(REPOSITORY, "policy"));
}

async function run(session: Session): Promise<number> {
  const { options, workspace } = session;
  await initialise(session);
  if (options.command === "state") {
    return await pulumi(session, ["stack", "export", ...options.passed], initFolder(workspace));
  }
  await session.sidecar.seed(workspace.checkpoint);
  if (options.command === "analyze") {
    const pack = session.policyPack ?? fail("analyze needs a policy pack: leave --no-policy out.");
    return await pulumi(
      session,
      ["policy", "analyze", "--policy-pack", pack, ...options.passed],
      workspace.project,
    );
  }
  return await change(session, options.command);
}

async function change(session: Session, command: "preview" | "up" | "destroy" | "refresh"): Promise<number> {
  const { options, workspace, policyPack } = session;
  const events = join(workspace.state, `events-${randomUUID()}.jsonl`);
  const judged = policyPack !== undefined && (command === "preview" || command === "up");
  const args = [
    command,
    "--config-file",
    workspace.configFile,
    "--event-log",
    events,
    // The pack loads while the preview runs, and the simulated account can be thrown away: nothing to confirm.
    ...(command === "preview" ? [] : ["--yes"]),
    ...(judged ? ["--policy-pack", policyPack] : []),
    ...options.passed,
  ];
  try {
    const code = await pulumi(session, args, workspace.project);
    if (
      code === 0 &&
      command === "up" &&
      !options.passed.some((flag) => flag === "--json" || flag === "-j")
    ) {
      await printSummary(session, events);
    }
    return code;
  } finally {
    rmSync(events, { force: true });
  }
}

async function printSummary(session: Session, events: string): Promise<void> {
  const { target, workspace, binary, sidecar } = session;
  const output = await runQuietly({
    binary: binary.path,
    args: ["stack", "output", "--json", "--stack", workspace.stack],
    cwd: initFolder(workspace),
    env: environment(workspace, binary, undefined),
  });
  const outputs: Value = output.exitCode === 0 ? JSON.parse(output.stdout) : {};
  const state: Value = JSON.parse(readFileSync(workspace.checkpoint, "utf8"));
  const log = readEventLog(events);
  process.stdout.write(
    summarize({
      stack: workspace.stack,
      outputs: isProperties(outputs) ? outputs : {},
      state,
      policyPacks: log.policyPacks,
      policyCounts: await sidecar.policies(),
      advisories: log.violations.filter(({ level }) => level === "advisory").length,
      ...(target.simulated !== undefined && { simulated: target.simulated }),
    }),
  );
}

async function initialise(session: Session): Promise<void> {
  const { workspace, binary } = session;
  if (existsSync(workspace.checkpoint)) {
    removeStaleLocks(workspace);
    return;
  }
  const result = await runQuietly({
    binary: binary.path,
    args: ["stack", "init", "--no-select", "--stack", workspace.stack, "--non-interactive"],
    cwd: initFolder(workspace),
    env: environment(workspace, binary, undefined),
  });
  if (result.exitCode !== 0) {
    throw new UserError(
      `the simulated account could not be made: ${result.stderr.trim() || result.stdout.trim()}`,
    );
  }
}

async function pulumi(session: Session, args: readonly string[], cwd: string): Promise<number> {
  const { workspace, binary, sidecar } = session;
  return await runOnTerminal({
    binary: binary.path,
    args: [...args, "--stack", workspace.stack],
    cwd,
    env: {
      ...environment(workspace, binary, sidecar.ports),
      ...previousState(workspace),
      ...(args[0] === "policy" ? analysisEnvironment(workspace) : {}),
    },
  });
}

// On a terminal, Ctrl-C reaches Pulumi by itself: this process only has to stay until Pulumi has ended, so that the
// providers can answer its last calls. A signal from elsewhere is passed on. With nothing running there is nothing to
// wait for; the provider process ends with this one, and the lock of a process that is gone is taken over.
function passInterruptsOn(): () => void {
  const onInterrupt = (): void => {
    if (!signalAll(process.stdin.isTTY ? 0 : "SIGINT")) {
      process.exit(130);
    }
  };
  const onTerminate = (): void => {
    if (!signalAll("SIGTERM")) {
      process.exit(143);
    }
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return () => {
    process.removeListener("SIGINT", onInterrupt);
    process.removeListener("SIGTERM", onTerminate);
  };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(message: string): never {
  throw new UserError(message);
}

void runMain(main);
