import { spawn } from "node:child_process";
import { join } from "node:path";
import { down } from "../lab/down";
import { inWords } from "../lab/faults";
import { KubeClient } from "../lab/kube-client";
import { accessOf } from "../lab/kubeconfig";
import { type LabFolder, labFolder } from "../lab/paths";
import { apiServer } from "../lab/settings";
import { kubectl } from "../lab/tools";
import { runMain, UserError } from "../offline/errors";
import { acquireLock } from "../offline/lock";
import { REPOSITORY } from "../offline/paths";
import { findPulumi, requirePulumi } from "../offline/pulumi-binary";
import { signalAll } from "../offline/pulumi-process";
import { type LocalArguments, parseArguments } from "./arguments";
import { engineTable } from "./engine-table";
import { REAL_ZONES, STACK, startLab, startSurroundings } from "./surroundings";

const WAIT_FOR_OTHER_RUN = 10 * 60_000;
const INTERRUPTED = 130;

const HELP = `npm run local [-- up|down] [--state DIR] [--simulated] [pulumi flags]

Brings the unmodified ${STACK} stack up on this machine with the real Pulumi engine: AWS simulated, Kubernetes real.
As root, the engines' nodes of the first ${REAL_ZONES} zones are real kubelets on which the reference engine trades with a
simulated exchange; the others are simulated, as are all without root. A second run changes nothing.

  up            (default) the lab, AWS in the small, the exchange, then "pulumi up" with the policy pack
  down          removes everything: the same as npm run lab -- down
  --simulated   no real kubelet, also as root
  --state DIR   keep the lab here instead of in the cache folder

Every other flag goes to Pulumi: --diff, --expect-no-changes …
The first run builds Pulumi and Kubernetes from their Go modules, which takes about a quarter of an hour.
`;

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2));
  if (options.command === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (process.platform !== "linux") {
    throw new UserError(
      "this needs Linux. AWS and Kubernetes both simulated run anywhere: npm run up:offline.",
    );
  }
  const lab = labFolder(options.state);
  try {
    return await perform(lab, options);
  } catch (error) {
    throw inWords(error, lab);
  }
}

async function perform(
  lab: LabFolder,
  options: Exclude<LocalArguments, { command: "help" }>,
): Promise<number> {
  const lock = await acquireLock(lab.lock, {
    waitMilliseconds: WAIT_FOR_OTHER_RUN,
    onWait: (pid) => say(`process ${pid} is changing this lab: waiting for it to end …`),
  });
  try {
    return options.command === "down" ? await runDown(lab) : await runUp(lab, options);
  } finally {
    lock.release();
  }
}

async function runDown(lab: LabFolder): Promise<number> {
  const { processes } = await down(lab);
  say(`Everything is gone: ${processes} processes ended, ${lab.root} removed.`);
  return 0;
}

async function runUp(lab: LabFolder, options: LocalArguments & { command: "up" }): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => {
    interrupt.abort();
    signalAll("SIGTERM");
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    // Before the lab, whose builds take minutes: without it there would be a cluster and nothing to bring up on it.
    requirePulumi();
    // Pulumi, where it must be built first, is built beside the lab's programs.
    const [settings] = await Promise.all([
      startLab(lab, options.simulated, { say, signal: interrupt.signal }),
      findPulumi(say),
    ]);
    const client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
    try {
      await startSurroundings(lab, settings, client, say);
      const code = await pulumiUp(lab, options.passed);
      if (code !== 0) return code;
      process.stdout.write(await engineTable(lab, client, STACK, interrupt.signal));
      process.stdout.write(whereToLook(lab));
      return 0;
    } finally {
      client.close();
    }
  } catch (error) {
    // A build that goes on beside the failed one would keep this process alive.
    signalAll("SIGTERM");
    if (!interrupt.signal.aborted) throw error;
    say("Interrupted. npm run local continues, npm run local -- down removes everything.");
    return INTERRUPTED;
  } finally {
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
  }
}

// As a command of its own, so that it behaves as the one that a user types for a preview or a diff.
async function pulumiUp(lab: LabFolder, passed: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      "-r",
      "ts-node/register/transpile-only",
      join(REPOSITORY, "workbench", "offline", "cli.ts"),
      "up",
      "--stack",
      STACK,
      `--lab=${lab.root}`,
      ...passed,
    ],
    { cwd: REPOSITORY, stdio: "inherit" },
  );
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? INTERRUPTED : 1)));
  });
}

function whereToLook(lab: LabFolder): string {
  return `
Look further
  ${kubectl()} --kubeconfig ${lab.kubeconfig} get pods --all-namespaces -o wide
  npm run offline -- preview --stack ${STACK} --lab=${lab.root} --diff    after an edit of Pulumi.${STACK}.yaml
  npm run local                     again: brings the edit up; without one it changes nothing
  npm run local -- down             removes it all
`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

void runMain(main);
