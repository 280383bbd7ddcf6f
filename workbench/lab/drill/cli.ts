import { join } from "node:path";
import { messageOf, UserError } from "../../offline/errors";
import { acquireLock } from "../../offline/lock";
import { cacheFolder } from "../../offline/paths";
import { down } from "../down";
import { inWords } from "../faults";
import { type LabFolder, labFolder } from "../paths";
import { obstacle } from "../real/runtime";
import { type DrillArguments, parseDrillArguments } from "./arguments";
import type { Drill, Fact, Outcome } from "./drill";
import { DRILLS } from "./drills";
import { writeEvidence } from "./evidence";
import { interrupted } from "./interruption";
import { openStage } from "./open";
import { perform } from "./perform";
import { closing, listing, notDoneLine, outcomeLine, verbatimLines } from "./report";
import type { Stage } from "./stage";

type Say = (line: string) => void;

const INTERRUPTED = 130;

export const DRILL_HELP = `npm run lab -- drill [NAME …] [--list] [--subject ours|seed] [--timers scaled|real]
                      [--evidence DIR] [--state DIR]

Runs failure drills on real kubelets with engines that trade, and says of each how long each market was dark and how
many orders were lost or doubled: none may be. Without a name all of them run. Needs root.

  --list           what each drill does and expects
  --subject WHOSE  ours (default): the stack's manifests; seed: those of the source document, workbench/seed/
  --timers SET     scaled (default): a silent node is lost after seconds; real: Kubernetes' own defaults
  --evidence DIR   a JSON file for each drill
  --state DIR      a lab of its own, kept; without it one is made, and taken down at the end

Ends with 0 when every drill passed. What the seed does is a result and no error: then always with 0.
`;

/** `lab drill`. */
export async function drillMain(argv: readonly string[], say: Say): Promise<number> {
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

async function runDrills(lab: LabFolder, options: DrillArguments, say: Say): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const run = new Run(lab, options, interrupt.signal, say);
  try {
    const outcomes = await run.all();
    process.stdout.write(`${closing(outcomes, options.timers, options.subject)}\n`);
    return options.subject === "seed" || outcomes.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    say(`Interrupted (${messageOf(error)}).`);
    return INTERRUPTED;
  } finally {
    run.close();
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
    if (options.state === undefined) await down(lab);
    // What an interrupted drill still waits for would keep the process alive.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
  }
}

class Run {
  readonly #lab: LabFolder;
  readonly #options: DrillArguments;
  readonly #signal: AbortSignal;
  readonly #say: Say;
  /** One for all drills: each of its kind listens to the signal for as long as the process lives. */
  readonly #interruption: Promise<never>;
  #stage: Stage | undefined;

  constructor(lab: LabFolder, options: DrillArguments, signal: AbortSignal, say: Say) {
    this.#lab = lab;
    this.#options = options;
    this.#signal = signal;
    this.#say = say;
    this.#interruption = interrupted(signal);
  }

  async all(): Promise<readonly Outcome[]> {
    const { drills, subject } = this.#options;
    const outcomes: Outcome[] = [];
    await this.#open((facts) => process.stdout.write(`${verbatimLines(facts)}\n`));
    for (const drill of drills) {
      this.#signal.throwIfAborted();
      if (subject === "seed" && drill.notOnSeed !== undefined) {
        process.stdout.write(`${notDoneLine(drill, drill.notOnSeed)}\n`);
        continue;
      }
      if (subject === "seed" && (outcomes.at(-1)?.problems.length ?? 0) > 0) await this.#renew();
      outcomes.push(await this.#one(drill));
    }
    return outcomes;
  }

  close(): void {
    this.#stage?.client.close();
  }

  async #open(onVerbatim?: (facts: readonly Fact[]) => void): Promise<void> {
    const { timers, subject } = this.#options;
    const how = { timers, subject, signal: this.#signal, say: this.#say };
    this.#stage = await openStage(this.#lab, { ...how, ...(onVerbatim && { onVerbatim }) });
  }

  // What a drill broke on the seed may be broken for good, and the next one would be blamed for it.
  async #renew(): Promise<void> {
    this.close();
    await down(this.#lab);
    await this.#open();
  }

  async #one(drill: Drill): Promise<Outcome> {
    const { evidence, timers, subject } = this.#options;
    const stage = this.#stage;
    if (stage === undefined) throw new Error("there is no stage");
    const started = new Date();
    const outcome = await Promise.race([perform(drill, stage), this.#interruption]);
    process.stdout.write(`${outcomeLine(drill, outcome, subject)}\n`);
    if (evidence !== undefined) {
      writeEvidence(evidence, drill, outcome, { subject, timers, times: stage.timers, started });
    }
    return outcome;
  }
}
