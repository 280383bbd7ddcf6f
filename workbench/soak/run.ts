import { join } from "node:path";
import { down } from "../lab/down";
import type { DrillText, Fact, Outcome } from "../lab/drill/drill";
import { type DrillLab, openDrillLab } from "../lab/drill/drill-lab";
import { interrupted } from "../lab/drill/interruption";
import { outcomeLine, verbatimLines } from "../lab/drill/report";
import { DrillFailure } from "../lab/drill/stage";
import { SEED_VERBATIM } from "../lab/drill/verbatim";
import { type LabFolder, labFolder } from "../lab/paths";
import { messageOf, UserError } from "../offline/errors";
import { append } from "./journal";
import { estimate, inWords, type Leg, remaining } from "./plan";
import { type Entry, entryOf, failedEntry, type Journal } from "./record";

export interface SoakOptions {
  readonly drills: readonly DrillText[];
  /** Folder of the soak: its journal and its lab. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Seconds that drills took before, by subject and id. */
  readonly known: ReadonlyMap<string, number>;
  readonly say: (line: string) => void;
  /** A line of the result, for whoever reads along. */
  readonly print: (line: string) => void;
}

/** Where a soak's journal lies. */
export function journalFile(folder: string): string {
  return join(folder, "journal.jsonl");
}

/** Where a soak's labs are, one after the other. */
export function soakLab(folder: string): LabFolder {
  return labFolder(join(folder, "lab"));
}

/** Does what a soak has still to do, each round of each subject in a lab of its own, and writes down each drill at once. */
export async function soak(begun: Journal, options: SoakOptions): Promise<Journal> {
  const run = new Run(begun, options);
  for (let [leg] = run.left(); leg !== undefined; [leg] = run.left()) {
    options.signal.throwIfAborted();
    await run.oneLab(leg);
  }
  return run.journal;
}

class Run {
  journal: Journal;
  readonly #options: SoakOptions;
  readonly #lab: LabFolder;
  readonly #interruption: Promise<never>;

  constructor(journal: Journal, options: SoakOptions) {
    this.journal = journal;
    this.#options = options;
    this.#lab = soakLab(options.folder);
    this.#interruption = interrupted(options.signal);
  }

  left(): Leg[] {
    return remaining(this.journal, this.#options.drills);
  }

  /** Brings a lab up and goes through a leg until it ends, or until the lab is of no more use. */
  async oneLab(leg: Leg): Promise<void> {
    const { signal, say } = this.#options;
    let bench: DrillLab | undefined;
    try {
      // What an interrupted soak left: a lab of another round.
      await down(this.#lab);
      const started = new Date();
      bench = await openDrillLab(this.#lab, leg.needsStack === true, {
        ...{ timers: this.journal.head.timers, subject: leg.subject, signal, say },
        ...(leg.ids.includes(SEED_VERBATIM.id) && {
          onVerbatim: (facts: readonly Fact[]) => this.#noteVerbatim(leg, started, facts),
        }),
      });
      await this.#inLab(bench, leg);
    } finally {
      await bench?.close();
      await down(this.#lab);
    }
  }

  async #inLab(bench: DrillLab, { round, subject, ids }: Leg): Promise<void> {
    const drills = this.#options.drills.filter(({ id }) => ids.includes(id));
    for (const [index, drill] of drills.entries()) {
      this.#options.signal.throwIfAborted();
      if (!(await this.#isFit(bench, index === 0))) return;
      const where = { round, subject, started: new Date() };
      try {
        const outcome = await Promise.race([bench.perform(drill), this.#interruption]);
        this.#note(entryOf(outcome, where), outcomeLine(drill, outcome, subject));
        // Two engines that wrote one log may have spoilt it for good: the next drill must not be blamed for that.
        if (outcome.problems.length > 0) return;
      } catch (error) {
        if (this.#options.signal.aborted) throw error;
        const why = messageOf(error);
        this.#note(failedEntry(drill.id, where, why), `FAILED  ${drill.id}: it could not be done: ${why}`);
        // Whatever threw may have left the lab in any state.
        return;
      }
    }
  }

  // Also a drill that held may leave engines that do not trade: the next one gets a lab in which they do.
  async #isFit(bench: DrillLab, isFirst: boolean): Promise<boolean> {
    try {
      await Promise.race([bench.settle(), this.#interruption]);
      return true;
    } catch (error) {
      if (!(error instanceof DrillFailure)) throw error;
      if (isFirst) throw new UserError(`the engines of a new lab do not trade: ${error.message}`);
      this.#options.say("engines do not trade after that: the next drill gets a new lab");
      return false;
    }
  }

  #noteVerbatim({ round, subject }: Leg, started: Date, facts: readonly Fact[]): void {
    const nothing = { markets: [], lost: [], doubled: [], secondWriters: [], stalledSeconds: 0 };
    const problems = facts
      .filter(({ holds }) => !holds)
      .map(({ what, expected, seen }) => `${what}: expected ${expected}, saw ${seen}`);
    const outcome: Omit<Outcome, "facts" | "touched"> = {
      id: SEED_VERBATIM.id,
      seconds: 0,
      ...nothing,
      problems,
    };
    this.#note(entryOf(outcome, { round, subject, started }), verbatimLines(facts));
  }

  #note(entry: Entry, line: string): void {
    const { folder, known, print } = this.#options;
    this.journal = append(journalFile(folder), this.journal, entry);
    const left = this.left();
    const count = left.reduce((sum, { ids }) => sum + ids.length, 0);
    const done = this.journal.entries.length;
    const time = count === 0 ? "" : `, about ${inWords(estimate(left, this.journal, known))} left`;
    print(`[${done}/${done + count}${time}] round ${entry.round} ${entry.subject.padEnd(4)}  ${line}`);
  }
}
