import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VERDICTS_VARIABLE, type VerdictLine } from "../../policy/lib/verdicts";

/** What every rule of the policy pack said during a run. */
export async function withVerdicts<Result>(
  run: () => Promise<Result>,
): Promise<readonly [Result, readonly VerdictLine[]]> {
  const folder = mkdtempSync(join(tmpdir(), "verdicts-"));
  const file = join(folder, "verdicts.jsonl");
  process.env[VERDICTS_VARIABLE] = file;
  try {
    const result = await run();
    return [result, readLines(file)];
  } finally {
    delete process.env[VERDICTS_VARIABLE];
    rmSync(folder, { recursive: true, force: true });
  }
}

function readLines(file: string): VerdictLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
