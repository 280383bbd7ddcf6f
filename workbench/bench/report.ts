/** One measured ratio or size, and the bound that it must keep. */
export interface Result {
  readonly what: string;
  readonly value: number;
  /** Largest value allowed; left out where the figure is for orientation. */
  readonly bound?: number;
  /** Smallest value allowed, where more is better. */
  readonly least?: number;
  readonly detail: string;
}

export function isMissed({ value, bound, least }: Result): boolean {
  return (bound !== undefined && !(value <= bound)) || (least !== undefined && !(value >= least));
}

/** The results as a Markdown table, for the terminal and for the file alike. */
export function formatResults(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.what,
    format(result.value),
    boundOf(result),
    boundOf(result) === NONE ? NONE : isMissed(result) ? "MISSED" : "held",
    result.detail,
  ]);
  return formatTable([["what", "value", "bound", "", "measured"], ...rows]);
}

/** Rows as a Markdown table; the first one is its head. */
export function formatTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const table = [head, head.map(() => "---"), ...rows];
  return table.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const NONE = "–";

function boundOf({ bound, least }: Result): string {
  if (bound !== undefined) return `≤ ${format(bound)}`;
  return least === undefined ? NONE : `≥ ${format(least)}`;
}

function format(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}
