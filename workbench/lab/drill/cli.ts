import { join } from "node:path";
import { messageOf } from "../../offline/errors";
import { cacheFolder } from "../../offline/paths";
import { down } from "../down";
import { labFolder } from "../paths";
import { parseDrillArguments } from "./arguments";
import type { Outcome } from "./drill";
import { DRILLS } from "./drills";
import { writeEvidence } from "./evidence";
import { interrupted } from "./interruption";
import { openStage } from "./open";
import { perform } from "./perform";
import { closing, listing, notDoneLine, outcomeLine, verbatimLines } from "./report";
import type { Stage } from "./stage";

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
export async function drillMain(argv: readonly string[], say: (line: string) => void): Promise<number> {
  const options = parseDrillArguments(argv, DRILLS);
  if (options.kind !== "run") {
    process.stdout.write(options.kind === "help" ? DRILL_HELP : `${listing(options.drills)}\n`);
    return 0;
  }
  const lab = labFolder(options.state ?? join(cacheFolder(), "drill"));
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const outcomes: Outcome[] = [];
  let stage: Stage | undefined;
  try {
    stage = await openStage(lab, {
      ...{ timers: options.timers, subject: options.subject, signal: interrupt.signal, say },
      onVerbatim: (facts) => process.stdout.write(`${verbatimLines(facts)}\n`),
    });
    // One for all drills: each of its kind listens to the signal for as long as the process lives.
    const interruption = interrupted(interrupt.signal);
    for (const drill of options.drills) {
      if (interrupt.signal.aborted) return INTERRUPTED;
      if (options.subject === "seed" && drill.notOnSeed !== undefined) {
        process.stdout.write(`${notDoneLine(drill, drill.notOnSeed)}\n`);
        continue;
      }
      const started = new Date();
      const outcome = await Promise.race([perform(drill, stage), interruption]);
      outcomes.push(outcome);
      process.stdout.write(`${outcomeLine(drill, outcome, options.subject)}\n`);
      if (options.evidence !== undefined) {
        writeEvidence(options.evidence, drill, outcome, {
          subject: options.subject,
          timers: options.timers,
          times: stage.timers,
          started,
        });
      }
    }
    process.stdout.write(`${closing(outcomes, options.timers, options.subject)}\n`);
    return options.subject === "seed" || outcomes.every(({ problems }) => problems.length === 0) ? 0 : 1;
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
