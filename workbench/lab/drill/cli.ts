import { join } from "node:path";
import { messageOf, UserError } from "../../offline/errors";
import { acquireLock } from "../../offline/lock";
import { cacheFolder } from "../../offline/paths";
import { down } from "../down";
import { inWords } from "../faults";
import { KubeClient } from "../kube-client";
import { accessOf } from "../kubeconfig";
import { type LabFolder, labFolder } from "../paths";
import { hasReal } from "../real/configs";
import { obstacle } from "../real/runtime";
import { apiServer } from "../settings";
import { stackPlan } from "../stack-plan";
import { labTools } from "../tools";
import { up } from "../up";
import { type DrillArguments, parseDrillArguments } from "./arguments";
import type { Outcome } from "./drill";
import { DRILLS } from "./drills";
import { writeEvidence } from "./evidence";
import { perform } from "./perform";
import { prepareStage } from "./prepare";
import { closing, listing, outcomeLine } from "./report";
import type { Stage } from "./stage";

const STACK = "dev";
const INTERRUPTED = 130;

export const DRILL_HELP = `npm run lab -- drill [NAME …] [--list] [--timers scaled|real] [--evidence DIR] [--state DIR]

Runs failure drills on real kubelets with engines that trade, and says of each how long each market was dark and how
many orders were lost or doubled: none may be. Without a name all of them run. Needs root.

  --list          what each drill does and expects
  --timers SET    scaled (default): a silent node is lost after seconds; real: Kubernetes' own defaults
  --evidence DIR  a JSON file for each drill
  --state DIR     a lab of its own, kept; without it one is made, and taken down at the end

Ends with 0 when every drill passed.
`;

/** `lab drill`. */
export async function drillMain(argv: readonly string[], say: (line: string) => void): Promise<number> {
  const options = parseDrillArguments(argv, DRILLS);
  if (options.kind !== "run") {
    process.stdout.write(options.kind === "help" ? DRILL_HELP : `${listing(options.drills)}\n`);
    return 0;
  }
  requireRealNodes();
  const lab = labFolder(options.state ?? join(cacheFolder(), "drill"));
  const lock = await acquireLock(lab.lock, {
    waitMilliseconds: 0,
    onWait: () => {},
    refusal: (pid) =>
      `process ${pid} is changing the lab in ${lab.root}: wait for it to end, or use --state DIR.`,
  }).catch((error: unknown) => {
    throw inWords(error, lab);
  });
  try {
    return await runDrills(lab, options, say);
  } catch (error) {
    throw inWords(error, lab);
  } finally {
    lock.release();
  }
}

function requireRealNodes(): void {
  const reason = obstacle();
  if (reason === undefined) return;
  throw new UserError(
    `a drill breaks real nodes, and ${reason}. What works all the same: npm run lab -- drill --list says what each one does, and npm run lab -- up makes a lab with simulated nodes.`,
  );
}

async function runDrills(
  lab: LabFolder,
  options: DrillArguments,
  say: (line: string) => void,
): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const outcomes: Outcome[] = [];
  let stage: Stage | undefined;
  try {
    stage = await openStage(lab, options.timers, interrupt.signal, say);
    // One for all drills: each of its kind listens to the signal for as long as the process lives.
    const interruption = interrupted(interrupt.signal);
    for (const drill of options.drills) {
      if (interrupt.signal.aborted) return INTERRUPTED;
      const started = new Date();
      const outcome = await Promise.race([perform(drill, stage), interruption]);
      outcomes.push(outcome);
      process.stdout.write(`${outcomeLine(drill, outcome)}\n`);
      if (options.evidence !== undefined) {
        writeEvidence(options.evidence, drill, outcome, {
          timers: options.timers,
          times: stage.timers,
          started,
        });
      }
    }
    process.stdout.write(`${closing(outcomes, options.timers)}\n`);
    return outcomes.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    say(`Interrupted (${messageOf(error)}).`);
    return INTERRUPTED;
  } finally {
    stage?.client.close();
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
    if (options.state === undefined) await down(lab);
    // What an interrupted drill still waits for would keep the process alive.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
  }
}

// A drill waits for minutes; Ctrl-C does not.
function interrupted(signal: AbortSignal): Promise<never> {
  const interruption = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("stopped during a drill")), { once: true });
  });
  // Nobody waits for it between two drills.
  interruption.catch(() => {});
  return interruption;
}

// Two real nodes in the first zone, so that an engine of it has somewhere to go; one in each other.
async function openStage(
  lab: LabFolder,
  timers: "real" | "scaled",
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Stage> {
  const zones = stackPlan(STACK).zones;
  const real = Object.fromEntries(zones.map((zone, index) => [zone, index === 0 ? 2 : 1]));
  const { settings } = await up(lab, { command: "up", stack: STACK, timers, real }, { say, signal });
  if (!hasReal(settings)) throw new Error("the lab has no real nodes");
  const client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
  const tools = await labTools(say, true);
  say("engines are started, and trade before the first drill begins");
  return await prepareStage({ lab, settings, tools, client }, STACK, say);
}
