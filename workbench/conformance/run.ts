import { reason } from "../../examples/engine/core/json";
import { Bench, SHORT, type Start, type Times } from "./bench";
import { LINES } from "./lines";
import { fail, type Line, type Result, skip } from "./lines/line";

export interface Checked extends Result {
  readonly id: string;
  readonly promise: string;
  readonly ms: number;
}

/** Checks the lines one after the other, each in a bench of its own, and tells each result as it comes. */
export async function checkCommand(
  start: Start,
  only: readonly string[],
  tell: (checked: Checked) => void,
  times: Times = SHORT,
): Promise<Checked[]> {
  const lines = LINES.filter(({ id }) => only.length === 0 || only.includes(id));
  const never = lines.some((line) => line.withoutTrading !== true)
    ? await whyItNeverTrades(start, times)
    : undefined;
  const results: Checked[] = [];
  for (const line of lines) {
    const began = performance.now();
    const result =
      never !== undefined && line.withoutTrading !== true
        ? skip(`It never traded with the simulator: ${never}`)
        : await runLine(line, start, times);
    const checked = { id: line.id, promise: line.promise, ms: performance.now() - began, ...result };
    results.push(checked);
    tell(checked);
  }
  if (never !== undefined) {
    const checked = { id: "trades", promise: "It trades with the simulator.", ms: 0, ...fail(never) };
    results.push(checked);
    tell(checked);
  }
  return results;
}

async function runLine(line: Line, start: Start, times: Times): Promise<Result> {
  const bench = await Bench.open(start, times);
  try {
    return await line.check(bench);
  } catch (error) {
    return fail(`The check did not come to its end: ${reason(error)}.`);
  } finally {
    await bench.close();
  }
}

/** One line alone. */
export async function checkLine(id: string, start: Start, times: Times = SHORT): Promise<Result> {
  const line = LINES.find((candidate) => candidate.id === id);
  if (line === undefined) throw new Error(`there is no line ${id}`);
  return runLine(line, start, times);
}

/** Without this, an engine that cannot start would fail every line for the same reason, slowly. */
async function whyItNeverTrades(start: Start, times: Times): Promise<string | undefined> {
  const bench = await Bench.open(start, times);
  try {
    await bench.startTrading();
    return undefined;
  } catch (error) {
    return reason(error);
  } finally {
    await bench.close();
  }
}
