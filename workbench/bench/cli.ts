import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { benchPolicyStart } from "./policy-start";
import { benchPreview, benchScale } from "./preview";
import { benchProgramStart } from "./program-start";
import { formatResults, isMissed, type Result } from "./report";
import { ROOT } from "./stack-config";

const HELP = `Usage: npm run bench [-- --rounds N] [-- --only NAME]

Measures what the project promises about its own cost, as ratios within one run: absolute times are the machine's.
Exits non-zero when a bound is missed. Results go to workbench/bench/results.md.

  --rounds N    counted rounds of each comparison, after one that warms up (default 5; the largest stacks take 3)
  --only NAME   one of: program, policy, preview, scale`;

type OnRun = (name: string, round: number) => void;
type Suite = (rounds: number, onRun: OnRun) => Promise<Result[]>;

const SUITES: Readonly<Record<string, Suite>> = {
  program: benchProgramStart,
  policy: benchPolicyStart,
  preview: benchPreview,
  scale: (rounds, onRun) => benchScale(Math.min(rounds, 3), onRun),
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      rounds: { type: "string", default: "5" },
      only: { type: "string" },
    },
  });
  if (values.help) return say(HELP, 0);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    return say(`--rounds must be a whole number from 1 (got "${values.rounds}")`, 2);
  const chosen = values.only === undefined ? Object.keys(SUITES) : [values.only];
  const results: Result[] = [];
  for (const name of chosen) {
    const suite = SUITES[name];
    if (!suite) return say(`--only must be one of ${Object.keys(SUITES).join(", ")} (got "${name}")`, 2);
    results.push(
      ...(await suite(rounds, (what, round) => process.stdout.write(`${name}: ${what}, round ${round}\n`))),
    );
  }
  const table = formatResults(results);
  say(`\n${table}`, 0);
  if (values.only === undefined) record(table);
  const missed = results.filter(isMissed).map(({ what }) => what);
  return missed.length === 0 ? 0 : say(`missed: ${missed.join("; ")}`, 1);
}

/** CI measures too, on whatever machine it has; the committed figures are of a run that somebody looked at. */
function record(table: string): void {
  if (process.env["CI"]) return;
  const file = join(__dirname, "results.md");
  const head = `# Benchmarks\n\nWritten by \`npm run bench\` on Node ${process.version}. Ratios are within one run; seconds are of that machine on that day.\n`;
  writeFileSync(file, `${head}\n${table}\n`);
  say(`written to ${relative(ROOT, file)}`, 0);
}

function say(text: string, exitCode: number): number {
  (exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return exitCode;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
