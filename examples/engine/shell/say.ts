export type Level = "info" | "warn" | "error";

/** One event, one line. */
export type Say = (level: Level, msg: string, more?: Readonly<Record<string, unknown>>) => void;

/** One-line JSON on standard output, with what is common to all lines in front. */
export function jsonLines(common: Readonly<Record<string, unknown>>): Say {
  return (level, msg, more) => {
    process.stdout.write(
      `${JSON.stringify({ time: new Date().toISOString(), level, msg, ...common, ...more })}\n`,
    );
  };
}
