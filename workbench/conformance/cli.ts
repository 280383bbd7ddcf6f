import { reason } from "../../examples/engine/core/json";
import { type Call, HELP, readArguments, UsageError } from "./arguments";
import { budgetInWords } from "./budget";
import { openImage } from "./image/open";
import { LINES } from "./lines";
import { checkOutside } from "./outside";
import { type Checked, checkCommand } from "./run";

const ONE_LINE = (checked: Checked): string => {
  const took = checked.ms > 0 ? ` (${(checked.ms / 1000).toFixed(1)} s)` : "";
  const why = checked.reason === "" ? "" : `\n      ${checked.reason}`;
  return `${checked.verdict}  ${checked.id}: ${checked.promise}${took}${why}\n`;
};

async function check(call: Extract<Call, { kind: "url" | "command" | "image" }>): Promise<Checked[]> {
  const { json, only } = call.options;
  const tell = (checked: Checked) => {
    if (!json) process.stdout.write(ONE_LINE(checked));
  };
  if (call.kind === "command") return checkCommand(call.command, only, tell);
  if (call.kind === "image") {
    const image = await openImage(call.archive, (line) => process.stderr.write(`${line}\n`));
    return checkCommand(image, only, tell);
  }
  const results = await checkOutside(call);
  return LINES.filter(({ id }) => only.length === 0 || only.includes(id)).flatMap(({ id, promise }) => {
    const result = results.get(id);
    if (result === undefined) return [];
    const checked = { id, promise, ms: 0, ...result };
    tell(checked);
    return [checked];
  });
}

async function main(args: readonly string[]): Promise<number> {
  const call = readArguments(args);
  if (call.kind === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (call.kind === "list") {
    for (const { id, promise } of LINES) process.stdout.write(`${id.padEnd(26)} ${promise}\n`);
    return 0;
  }
  const results = await check(call);
  const count = (verdict: string) => results.filter((result) => result.verdict === verdict).length;
  if (call.options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else {
    process.stdout.write(`\n${count("PASS")} passed, ${count("FAIL")} failed, ${count("SKIP")} skipped\n`);
    const budget = budgetInWords(results);
    if (budget !== undefined) process.stdout.write(`${budget}\n`);
  }
  return count("FAIL") === 0 ? 0 : 1;
}

// An interrupt must run the exit handler, which ends every engine that was started.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(error instanceof UsageError ? `${error.message}\n\n${HELP}` : `${reason(error)}\n`);
    process.exit(2);
  },
);
