/** One measured ratio or size, and the bound that it must keep. */
export interface Result {
  readonly what: string;
  readonly value: number;
  /** Largest value allowed; left out where the figure is for orientation. */
  readonly bound?: number;
  readonly detail: string;
}

export function isMissed({ value, bound }: Result): boolean {
  return bound !== undefined && !(value <= bound);
}

/** The results as a Markdown table, for the terminal and for the file alike. */
export function formatResults(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.what,
    format(result.value),
    result.bound === undefined ? "–" : `≤ ${format(result.bound)}`,
    result.bound === undefined ? "–" : isMissed(result) ? "MISSED" : "held",
    result.detail,
  ]);
  const table = [["what", "value", "bound", "", "measured"], ["---", "---", "---", "---", "---"], ...rows];
  return table.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function format(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}
