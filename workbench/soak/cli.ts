import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { down } from "../lab/down";
import { ALL_DRILLS } from "../lab/drill/drills";
import { manifestHash, seedHash } from "../lab/drill/evidence";
import { ETCD, KUBERNETES } from "../lab/tools";
import { messageOf, runMain, UserError } from "../offline/errors";
import { acquireLock } from "../offline/lock";
import { cacheFolder, REPOSITORY } from "../offline/paths";
import { parseSoakArguments, type SoakArguments } from "./arguments";
import { missingDrills, staleness } from "./check";
import { failureModes } from "./document";
import { evidenceOf, readEvidence, writeEvidence } from "./evidence";
import { beginJournal, readJournal } from "./journal";
import { estimate, inWords, remaining } from "./plan";
import type { Head, Journal } from "./record";
import { journalFile, soak, soakLab } from "./run";

const INTERRUPTED = 130;
const EVIDENCE = join(REPOSITORY, "docs", "evidence");
const DOCUMENT = join(REPOSITORY, "docs", "failure-modes.md");

const HELP = `npm run soak [-- --rounds N] [--timers real|scaled] [--only ID,ID] [--state DIR]
npm run soak -- --resume | --write | --check

Runs all drills again and again, on the stack's manifests and on the seed's, each round of each in a lab of its own, and
writes docs/failure-modes.md with the evidence beside it. Hours; needs root. Each drill's outcome is on disk at once.

  --rounds N     how often (3)
  --timers SET   real (default): Kubernetes' own; scaled: a silent node is lost after seconds, and the document says so
  --only ID,ID   these drills; the evidence of the others stays
  --resume       go on with a soak that was interrupted
  --discard      begin anew although one was interrupted
  --write        no drill: the documents of what the last soak has so far, or of the committed evidence
  --check        no drill: fails when evidence and document are not of this checkout's manifests and drills
  --state DIR    where the journal and the labs are kept

Ends with 0 when this stack passed every drill; what the seed does is a result.
`;

async function main(): Promise<number> {
  const options = parseSoakArguments(process.argv.slice(2), ALL_DRILLS);
  const folder = options.state ?? defaultFolder();
  switch (options.kind) {
    case "help":
      process.stdout.write(HELP);
      return 0;
    case "check":
      return check();
    case "write":
      return write(readJournal(journalFile(folder)));
    case "run":
      return await run(options, folder);
  }
}

async function run(options: SoakArguments, folder: string): Promise<number> {
  const lock = await acquireLock(join(folder, "soak.lock"), {
    waitMilliseconds: 0,
    onWait: () => {},
    refusal: (pid) => `process ${pid} runs a soak in ${folder}: wait for it, or use --state DIR.`,
  });
  try {
    const code = await locked(options, folder);
    if (code !== INTERRUPTED) return code;
  } finally {
    lock.release();
  }
  // What an interrupted drill still waits for would keep the process alive.
  process.exit(INTERRUPTED);
}

async function locked(options: SoakArguments, folder: string): Promise<number> {
  const begun = options.resume ? resumed(folder) : fresh(options, folder);
  const known = knownSeconds(begun.head.timers);
  const left = estimate(remaining(begun, ALL_DRILLS), begun, known);
  say(`${begun.head.rounds} rounds with ${begun.head.timers} timers; about ${inWords(left)}`);
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const print = (line: string): void => void process.stdout.write(`${line}\n`);
    const journal = await soak(begun, {
      ...{ drills: ALL_DRILLS, folder, signal: interrupt.signal, known, say, print },
    });
    write(journal);
    return summary(journal);
  } catch (error) {
    const journal = existing(folder);
    summary(journal);
    say("npm run soak -- --resume goes on; npm run soak -- --write makes the documents of what is done.");
    if (!interrupt.signal.aborted) throw error;
    say(`Interrupted (${messageOf(error)}).`);
    // The drill that was interrupted goes on until this process ends, and may have started something again.
    await down(soakLab(folder));
    return INTERRUPTED;
  } finally {
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
  }
}

function fresh({ rounds, timers, drills, discard }: SoakArguments, folder: string): Journal {
  const before = discard ? undefined : readJournal(journalFile(folder));
  if (before !== undefined && remaining(before, ALL_DRILLS).length > 0) {
    throw new UserError(
      `a soak of ${before.head.started} was interrupted after ${before.entries.length} drills: --resume goes on with it, --discard begins anew.`,
    );
  }
  const head: Head = {
    ...{ kind: "soak", started: new Date().toISOString(), rounds, timers, drills: [...drills] },
    manifests: currentManifests(),
    machine: {
      cpus: cpus().length,
      memoryGibibytes: Math.round(totalmem() / 2 ** 30),
      kernel: `Linux ${release().split("-")[0]}`,
    },
    versions: { Kubernetes: KUBERNETES.version, etcd: ETCD.version, Node: process.versions.node },
  };
  return beginJournal(journalFile(folder), head);
}

function resumed(folder: string): Journal {
  const journal = existing(folder);
  const now = currentManifests();
  const { manifests } = journal.head;
  if (manifests.ours !== now.ours || manifests.seed !== now.seed) {
    throw new UserError(
      "the manifests have changed since that soak began, so its rounds cannot be put together: begin anew with --discard.",
    );
  }
  return journal;
}

function existing(folder: string): Journal {
  const journal = readJournal(journalFile(folder));
  if (journal === undefined)
    throw new UserError(`there is no soak in ${folder}: begin one with npm run soak.`);
  return journal;
}

// Without a journal the document alone: evidence is committed, journals are not.
function write(journal: Journal | undefined): number {
  if (journal !== undefined) writeEvidence(EVIDENCE, evidenceOf(journal, ALL_DRILLS));
  const evidence = readEvidence(EVIDENCE, ALL_DRILLS);
  writeFileSync(DOCUMENT, failureModes(evidence, missingDrills(ALL_DRILLS, evidence)));
  say("docs/failure-modes.md and docs/evidence are written");
  return 0;
}

function check(): number {
  const why = staleness({
    drills: ALL_DRILLS,
    evidence: readEvidence(EVIDENCE, ALL_DRILLS),
    document: existsSync(DOCUMENT) ? readFileSync(DOCUMENT, "utf8") : "",
    manifests: currentManifests(),
  });
  if (why !== undefined) throw new UserError(why);
  process.stdout.write("evidence and document are of this checkout's manifests and drills\n");
  return 0;
}

function summary({ entries }: Journal): number {
  const count = (subject: string, isGood: boolean): number =>
    entries.filter((entry) => entry.subject === subject && (entry.problems.length === 0) === isGood).length;
  process.stdout.write(
    `ours: ${count("ours", true)} passed, ${count("ours", false)} failed; the seed held in ${count("seed", true)}, broke in ${count("seed", false)}\n`,
  );
  return count("ours", false) === 0 ? 0 : 1;
}

function currentManifests(): { ours: string; seed: string } {
  return { ours: manifestHash(), seed: seedHash() };
}

function knownSeconds(timers: string): ReadonlyMap<string, number> {
  return new Map(
    readEvidence(EVIDENCE, ALL_DRILLS)
      .filter((evidence) => evidence.timers === timers)
      .flatMap(({ id, ours, seed }) =>
        [
          [`ours ${id}`, ours?.rounds[0]?.seconds] as const,
          [`seed ${id}`, seed?.rounds[0]?.seconds] as const,
        ].flatMap(([name, seconds]) => (seconds === undefined ? [] : [[name, seconds] as const])),
      ),
  );
}

// One for each checkout, so that two of them never meet.
function defaultFolder(): string {
  const digest = createHash("sha256").update(REPOSITORY).digest("hex").slice(0, 12);
  return join(cacheFolder(), "soak", digest);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

// What a drill that broke still waits for, or holds open, would keep this process alive for ever.
void runMain(main).then(() => process.exit());
