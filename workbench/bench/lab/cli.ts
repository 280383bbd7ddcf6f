import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { down } from "../../lab/down";
import { manifestHash, seedHash } from "../../lab/drill/evidence";
import { interrupted } from "../../lab/drill/interruption";
import { labFolder } from "../../lab/paths";
import { KUBERNETES } from "../../lab/tools";
import { messageOf, runMain } from "../../offline/errors";
import { cacheFolder, REPOSITORY } from "../../offline/paths";
import { formatResults, isMissed } from "../report";
import { type BenchArguments, PARTS, type Part, parseBenchArguments } from "./arguments";
import type { BenchContext } from "./context";
import { benchGaps } from "./gaps/run";
import { benchRecovery } from "./recovery/run";
import { gapSection, recoverySection, type Section, scaleSection } from "./results";
import { benchScale } from "./scale/run";

const INTERRUPTED = 130;

const HELP = `Usage: npm run bench:lab [-- PART …] [--rounds N] [--seconds N] [--engines N] [--json] [--state DIR]

The stack's manifests beside those of the source document, on a real Kubernetes on this machine, as ratios within one
run. Without a part all of them run; ends with 1 when a bound is missed. Results go to workbench/bench/results-lab.md
when all parts ran. a and b need root.

${Object.entries(PARTS)
  .map(([letter, what]) => `  ${letter}            ${what}`)
  .join("\n")}

  --rounds N   runs of each in part a (default 5)
  --seconds N  of each run in part a (default 20)
  --engines N  of part c, in steps of 10 (default 100)
  --json       the figures as JSON, on standard output
  --state DIR  folder of the lab; another one than that of npm run lab without it
`;

const RUN: Readonly<Record<Part, (context: BenchContext, options: BenchArguments) => Promise<Section>>> = {
  a: async (context, { rounds, seconds }) => gapSection(await benchGaps(context, rounds, seconds)),
  b: async (context) => recoverySection(await benchRecovery(context)),
  c: async (context, { engines }) => scaleSection(await benchScale(context, engines)),
};

async function main(): Promise<number> {
  const options = parseBenchArguments(process.argv.slice(2));
  if (options.kind === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const lab = labFolder(options.state ?? join(cacheFolder(), "bench"));
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const sections: Section[] = [];
  for (const part of options.parts) {
    say(`${part}. ${PARTS[part]}`);
    try {
      sections.push(
        await Promise.race([
          RUN[part]({ lab, signal: interrupt.signal, say }, options),
          interrupted(interrupt.signal),
        ]),
      );
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      say(`Interrupted (${messageOf(error)}).`);
    } finally {
      await down(lab);
    }
    // What an interrupted part still waits for would keep the process alive.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
  }
  return report(sections, options);
}

function report(sections: readonly Section[], { json, parts }: BenchArguments): number {
  const results = sections.flatMap((section) => section.results);
  const text = sections
    .map((section) => `## ${section.title}\n\n${formatResults(section.results)}\n\n${section.text}\n`)
    .join("\n");
  process.stdout.write(json ? `${JSON.stringify({ manifests: hashes(), results }, null, 2)}\n` : `\n${text}`);
  if (parts.length === Object.keys(PARTS).length) record(text);
  const missed = results.filter(isMissed).map(({ what }) => what);
  if (missed.length > 0) process.stderr.write(`missed: ${missed.join("; ")}\n`);
  return missed.length === 0 ? 0 : 1;
}

function hashes(): { readonly ours: string; readonly seed: string } {
  return { ours: manifestHash(), seed: seedHash() };
}

// CI measures too, on whatever machine it has; the committed figures are of a run that somebody looked at.
function record(text: string): void {
  if (process.env["CI"]) return;
  const file = join(__dirname, "..", "results-lab.md");
  const { ours, seed } = hashes();
  const head = `# Benchmarks on the lab

Written by \`npm run bench:lab\` on Kubernetes ${KUBERNETES.version} and Node ${process.version}; manifests \`${ours}\`, the seed's with its
overlay \`${seed}\`. Ratios are within one run; times are of that machine on that day.
`;
  writeFileSync(file, `${head}\n${text}`);
  process.stderr.write(`written to ${relative(REPOSITORY, file)}\n`);
}

void runMain(main);
