import { join } from "node:path";
import { messageOf } from "../../offline/errors";
import { cacheFolder } from "../../offline/paths";
import { signalAll } from "../../offline/pulumi-process";
import { down } from "../down";
import { KubeClient } from "../kube-client";
import { accessOf } from "../kubeconfig";
import { type LabFolder, labFolder } from "../paths";
import { hasReal } from "../real/configs";
import { apiServer } from "../settings";
import { stackPlan } from "../stack-plan";
import type { TimerSet } from "../timers";
import { labTools } from "../tools";
import { up } from "../up";
import { type DrillArguments, parseDrillArguments } from "./arguments";
import type { Drill, Outcome } from "./drill";
import { DRILLS, STACK_DRILLS } from "./drills";
import { writeEvidence } from "./evidence";
import { ENGINES, type Judged, perform, type Upkeep } from "./perform";
import { prepareStage } from "./prepare";
import { closing, listing, outcomeLine } from "./report";
import { openStackStage, STACK_UPKEEP } from "./stack-prepare";
import type { Stage } from "./stage";

const STACK = "dev";
const INTERRUPTED = 130;

export const DRILL_HELP = `npm run lab -- drill [NAME …] [--list] [--timers scaled|real] [--evidence DIR] [--state DIR]

Runs failure drills on real kubelets with engines that trade, and says of each how long each market was dark and how
many orders were lost or doubled: none may be. Without a name all of them run: first those on engines alone, then, on
another lab, those that need the whole stack under the real Pulumi engine. Needs root.

  --list          what each drill does and expects
  --timers SET    scaled (default): a silent node is lost after seconds; real: Kubernetes' own defaults, which the
                  stack's drills always have
  --evidence DIR  a JSON file for each drill
  --state DIR     labs of its own, kept: the engines' in DIR, the stack's in DIR-stack; without it each is made, and
                  taken down at the end

Ends with 0 when every drill passed.
`;

interface Session {
  readonly options: DrillArguments;
  readonly signal: AbortSignal;
  /** Rejects when somebody interrupts. One for all drills: each of its kind listens for as long as the process lives. */
  readonly interruption: Promise<never>;
  readonly outcomes: Outcome[];
  say(line: string): void;
}

/** `lab drill`. */
export async function drillMain(argv: readonly string[], say: (line: string) => void): Promise<number> {
  const options = parseDrillArguments(argv, { engines: DRILLS, stack: STACK_DRILLS });
  if (options.kind !== "run") {
    const { engines, stack } = options.drills;
    process.stdout.write(options.kind === "help" ? DRILL_HELP : `${listing([...engines, ...stack])}\n`);
    return 0;
  }
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const { signal } = interrupt;
  const session: Session = { options, signal, interruption: interrupted(signal), outcomes: [], say };
  try {
    if (options.drills.engines.length > 0) await onEngines(session);
    if (options.drills.stack.length > 0) await onStack(session);
    signal.throwIfAborted();
    // The stack's drills have no timers of their own.
    const timers = options.drills.engines.length > 0 ? options.timers : "real";
    process.stdout.write(`${closing(session.outcomes, timers)}\n`);
    return session.outcomes.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    say(`Interrupted (${messageOf(error)}).`);
    return INTERRUPTED;
  } finally {
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
    // What an interrupted drill still waits for would keep the process alive.
    if (signal.aborted) process.exit(INTERRUPTED);
  }
}

async function onEngines(session: Session): Promise<void> {
  const { options, signal, say } = session;
  const { state = join(cacheFolder(), "drill"), timers, drills } = options;
  await onLab(session, labFolder(state), async (lab) => {
    const stage = await openStage(lab, timers, signal, say);
    try {
      await performAll(session, drills.engines, stage, { upkeep: ENGINES, timers });
    } finally {
      stage.client.close();
    }
  });
}

async function onStack(session: Session): Promise<void> {
  const { options, signal, say } = session;
  const { state = join(cacheFolder(), "drill") } = options;
  await onLab(session, labFolder(`${state}-stack`), async (lab) => {
    const stage = await openStackStage(lab, STACK, { say, signal });
    try {
      await performAll(session, options.drills.stack, stage, { upkeep: STACK_UPKEEP, timers: "real" });
    } finally {
      // An update that somebody interrupted would otherwise go on without its lab.
      signalAll("SIGKILL");
      await stage.engine.close();
      stage.client.close();
    }
  });
}

async function onLab(
  { options, signal }: Session,
  lab: LabFolder,
  work: (lab: LabFolder) => Promise<void>,
): Promise<void> {
  signal.throwIfAborted();
  try {
    await work(lab);
  } finally {
    if (options.state === undefined) await down(lab);
  }
}

async function performAll<Where extends Judged>(
  { options: { evidence }, signal, interruption, outcomes }: Session,
  drills: readonly Drill<Where>[],
  stage: Where,
  { upkeep, timers }: { readonly upkeep: Upkeep<Where>; readonly timers: TimerSet },
): Promise<void> {
  for (const drill of drills) {
    signal.throwIfAborted();
    const started = new Date();
    const outcome = await Promise.race([perform(drill, stage, upkeep), interruption]);
    outcomes.push(outcome);
    process.stdout.write(`${outcomeLine(drill, outcome)}\n`);
    if (evidence !== undefined) {
      writeEvidence(evidence, drill, outcome, { timers, times: stage.timers, started });
    }
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
  timers: TimerSet,
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
