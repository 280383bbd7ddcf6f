import { existsSync } from "node:fs";
import { runMain, UserError } from "../offline/errors";
import { acquireLock } from "../offline/lock";
import { signalAll } from "../offline/pulumi-process";
import { type LabArguments, parseArguments } from "./arguments";
import { contextStatus } from "./context-status";
import { down } from "./down";
import { drillMain } from "./drill/cli";
import { inWords } from "./faults";
import { helpText } from "./help";
import { type LabFolder, labFolder } from "./paths";
import { apiServer } from "./settings";
import { describeStatus, isUp, readStatus } from "./status";
import { kubectl } from "./tools";
import { up } from "./up";

const WAIT_FOR_OTHER_RUN = 10 * 60_000;
const INTERRUPTED = 130;
const NOT_UP = 3;

async function main(): Promise<number> {
  const [first, ...rest] = process.argv.slice(2);
  if (first === "drill") return await drillMain(rest, say);
  const options = parseArguments(process.argv.slice(2));
  if (options.command === "help") {
    process.stdout.write(helpText(options.topic));
    return 0;
  }
  if (process.platform !== "linux" && options.context === undefined) {
    throw new UserError("the lab needs Linux: it knows its processes by /proc.");
  }
  const lab = labFolder(options.state);
  try {
    return await perform(lab, options);
  } catch (error) {
    throw inWords(error, lab);
  }
}

async function perform(lab: LabFolder, options: LabArguments): Promise<number> {
  switch (options.command) {
    case "up":
      return await locked(lab, () => runUp(lab, options));
    case "down":
      return await locked(lab, () => runDown(lab));
    case "status":
      return await runStatus(lab, options);
    case "kubeconfig":
      return printKubeconfig(lab);
  }
}

async function runUp(lab: LabFolder, options: LabArguments): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => {
    interrupt.abort();
    signalAll("SIGTERM");
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const { changes, settings } = await up(lab, options, { say, signal: interrupt.signal });
    say(changes.length === 0 ? "The lab was up already: nothing changed." : "The lab is up.");
    say(`  API server  ${apiServer(settings)}`);
    say(`  kubeconfig  ${lab.kubeconfig}`);
    say(`  kubectl     ${kubectl()}`);
    say(
      `${settings.real === undefined ? "Nodes, containers and disks are simulated" : "All nodes that were not asked for with --real are simulated"}; everything else is real. npm run lab -- down removes it all.`,
    );
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    say("Interrupted: what this run started has ended. npm run lab -- down removes the rest.");
    return INTERRUPTED;
  } finally {
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
  }
}

async function runDown(lab: LabFolder): Promise<number> {
  const { processes, folder } = await down(lab);
  say(
    processes === 0 && !folder
      ? "There was no lab: nothing to take down."
      : `The lab is down: ${processes} processes ended, ${lab.root} removed.`,
  );
  return 0;
}

async function runStatus(lab: LabFolder, { context, kubeconfig }: LabArguments): Promise<number> {
  if (context !== undefined) {
    const { text, fits } = await contextStatus({ context, ...(kubeconfig !== undefined && { kubeconfig }) });
    process.stdout.write(`${text}\n`);
    return fits ? 0 : NOT_UP;
  }
  const status = await readStatus(lab);
  process.stdout.write(`${describeStatus(status)}\n`);
  return isUp(status) ? 0 : NOT_UP;
}

function printKubeconfig(lab: LabFolder): number {
  if (!existsSync(lab.kubeconfig)) {
    throw new UserError("there is no lab, so there is no kubeconfig. Start one with: npm run lab -- up");
  }
  process.stdout.write(`${lab.kubeconfig}\n`);
  return 0;
}

async function locked(lab: LabFolder, work: () => Promise<number>): Promise<number> {
  const lock = await acquireLock(lab.lock, {
    waitMilliseconds: WAIT_FOR_OTHER_RUN,
    onWait: (pid) => say(`process ${pid} is changing this lab: waiting for it to end …`),
    refusal: (pid) =>
      `process ${pid} has been changing this lab for ten minutes. End it, and run this again.`,
  });
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

// What a drill that broke still waits for, or holds open, would keep this process alive for ever.
void runMain(main).then(() => {
  if (process.argv[2] === "drill") process.exit();
});
