import { join } from "node:path";
import { messageOf, UserError } from "../../offline/errors";
import { acquireLock } from "../../offline/lock";
import { cacheFolder } from "../../offline/paths";
import { down } from "../down";
import { inWords } from "../faults";
import { type LabFolder, labFolder } from "../paths";
import { obstacle } from "../real/runtime";
import { type DrillArguments, parseDrillArguments } from "./arguments";
import { type DrillText, type Fact, mayBeTime, type Outcome } from "./drill";
import { type DrillLab, openDrillLab } from "./drill-lab";
import { DRILLS, STACK_DRILLS } from "./drills";
import { writeEvidence } from "./evidence";
import { interrupted } from "./interruption";
import { closing, listing, notDoneLine, outcomeLine, verbatimLines } from "./report";

type Say = (line: string) => void;

const INTERRUPTED = 130;

export const DRILL_HELP = `npm run lab -- drill [NAME …] [--list] [--stage engines|stack] [--subject ours|seed]
                      [--timers scaled|real] [--again] [--evidence DIR] [--state DIR]

Runs failure drills on real kubelets with engines that trade, and says of each how long each market was dark and how
many orders were lost or doubled: none may be. Without a name all of them run: first those on engines alone, then, on
another lab, those that need the whole stack under the real Pulumi engine. Needs root.

  --list           what each drill does and expects
  --stage WHICH    only drills on engines alone, or only those on the whole stack
  --subject WHOSE  ours (default): the stack's manifests; seed: those of the source document, workbench/seed/
  --timers SET     scaled (default): a silent node is lost after seconds; real: Kubernetes' own defaults, which the
                   stack's drills always have
  --again          tries a drill that failed a second time, unless orders were lost or doubled: for busy machines
  --evidence DIR   a JSON file for each drill
  --state DIR      labs of its own, kept: the engines' in DIR, the stack's in DIR-stack; without it each is made, and
                   taken down at the end

Ends with 0 when every drill passed. What the seed does is a result and no error: then always with 0.
`;

/** `lab drill`. */
export async function drillMain(argv: readonly string[], say: Say): Promise<number> {
  const options = parseDrillArguments(argv, { engines: DRILLS, stack: STACK_DRILLS });
  const { engines, stack } = options.drills;
  if (options.kind !== "run") {
    process.stdout.write(options.kind === "help" ? DRILL_HELP : `${listing([...engines, ...stack])}\n`);
    return 0;
  }
  requireRealNodes();
  const state = options.state ?? join(cacheFolder(), "drill");
  return await runDrills(options, say, async (run) => {
    if (engines.length > 0) await run.on(labFolder(state), engines, false);
    if (stack.length > 0) await run.on(labFolder(`${state}-stack`), stack, true);
  });
}

function requireRealNodes(): void {
  const reason = obstacle();
  if (reason === undefined) return;
  throw new UserError(
    `a drill breaks real nodes, and ${reason}. What works all the same: npm run lab -- drill --list says what each one does, and npm run lab -- up makes a lab with simulated nodes.`,
  );
}

async function runDrills(
  options: DrillArguments,
  say: Say,
  all: (run: Run) => Promise<void>,
): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const run = new Run(options, interrupt.signal, say);
  try {
    await all(run);
    // The stack's drills have no timers of their own.
    const timers = options.drills.engines.length > 0 ? options.timers : "real";
    process.stdout.write(`${closing(run.outcomes, timers, options.subject)}\n`);
    return options.subject === "seed" || run.outcomes.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    say(`Interrupted (${messageOf(error)}).`);
    return INTERRUPTED;
  } finally {
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
    // What an interrupted drill still waits for would keep the process alive.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
  }
}

class Run {
  readonly outcomes: Outcome[] = [];
  readonly #options: DrillArguments;
  readonly #signal: AbortSignal;
  readonly #say: Say;
  /** One for all drills: each of its kind listens to the signal for as long as the process lives. */
  readonly #interruption: Promise<never>;

  constructor(options: DrillArguments, signal: AbortSignal, say: Say) {
    this.#options = options;
    this.#signal = signal;
    this.#say = say;
    this.#interruption = interrupted(signal);
  }

  /** Does drills of one kind on a lab, which nobody else may change meanwhile. */
  async on(lab: LabFolder, drills: readonly DrillText[], needsStack: boolean): Promise<void> {
    this.#signal.throwIfAborted();
    try {
      const lock = await acquireLock(lab.lock, {
        waitMilliseconds: 0,
        onWait: () => {},
        refusal: (pid) =>
          `process ${pid} is changing the lab in ${lab.root}: wait for it to end, or use --state DIR.`,
      });
      try {
        // What a run that was killed left: its lab is nobody's.
        if (this.#options.state === undefined) await down(lab);
        await this.#all(lab, drills, needsStack);
      } finally {
        lock.release();
      }
    } catch (error) {
      throw inWords(error, lab);
    }
  }

  async #all(lab: LabFolder, drills: readonly DrillText[], needsStack: boolean): Promise<void> {
    const { subject, state } = this.#options;
    let bench: DrillLab | undefined;
    const renew = async (): Promise<void> => {
      await bench?.close();
      bench = undefined;
      await down(lab);
    };
    try {
      for (const drill of drills) {
        this.#signal.throwIfAborted();
        if (subject === "seed" && drill.notOnSeed !== undefined) {
          process.stdout.write(`${notDoneLine(drill, drill.notOnSeed)}\n`);
          continue;
        }
        // What a drill broke on the seed may be broken for good, and the next one would be blamed for it.
        if (subject === "seed" && (this.outcomes.at(-1)?.problems.length ?? 0) > 0) await renew();
        bench ??= await this.#open(lab, needsStack);
        const outcome = await this.#one(drill, bench);
        const second = this.#options.again && mayBeTime(outcome) ? await this.#one(drill, bench) : undefined;
        this.outcomes.push(second ?? outcome);
      }
    } finally {
      await bench?.close();
      if (state === undefined) await down(lab);
    }
  }

  async #open(lab: LabFolder, needsStack: boolean): Promise<DrillLab> {
    const { timers, subject } = this.#options;
    const onVerbatim = (facts: readonly Fact[]): void => {
      process.stdout.write(`${verbatimLines(facts)}\n`);
    };
    const isFirst = this.outcomes.length === 0;
    const how = { timers, subject, signal: this.#signal, say: this.#say, ...(isFirst && { onVerbatim }) };
    return await openDrillLab(lab, needsStack, how);
  }

  async #one(drill: DrillText, bench: DrillLab): Promise<Outcome> {
    const { evidence, subject } = this.#options;
    const timers = drill.needsStack === true ? "real" : this.#options.timers;
    const started = new Date();
    const outcome = await Promise.race([bench.perform(drill), this.#interruption]);
    process.stdout.write(`${outcomeLine(drill, outcome, subject)}\n`);
    if (evidence !== undefined) {
      writeEvidence(evidence, drill, outcome, { subject, timers, times: bench.times, started });
    }
    return outcome;
  }
}
