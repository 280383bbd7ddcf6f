import type { DrillText } from "../lab/drill/drill";
import type { TimerSet } from "../lab/timers";
import { UserError } from "../offline/errors";

export interface SoakArguments {
  readonly kind: "run" | "write" | "check" | "help";
  readonly rounds: number;
  readonly timers: TimerSet;
  /** Ids of the drills, in the order of the list. */
  readonly drills: readonly string[];
  readonly resume: boolean;
  readonly discard: boolean;
  readonly state?: string;
}

const VALUES = ["--rounds", "--timers", "--only", "--state"];
const SWITCHES = ["--resume", "--discard", "--write", "--check", "--help", "-h"];

/** Reads the command line of `npm run soak`; throws a {@link UserError} for what it cannot mean. */
export function parseSoakArguments(
  argv: readonly string[],
  all: readonly Pick<DrillText, "id">[],
): SoakArguments {
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const [flag = word, inline] = word.split(/=(.*)/s, 2);
    if (SWITCHES.includes(word)) switches.add(word);
    else if (VALUES.includes(flag)) {
      const value = inline ?? queue.shift();
      if (value === undefined || value === "" || value.startsWith("-"))
        throw new UserError(`${flag} needs a value.`);
      values.set(flag, value);
    } else throw new UserError(`unknown option "${word}". See npm run soak -- --help.`);
  }
  requireSense(values, switches);
  const state = values.get("--state");
  return {
    kind: kindOf(switches),
    rounds: roundsIn(values.get("--rounds") ?? "3"),
    timers: timersIn(values.get("--timers") ?? "real"),
    drills: drillsIn(values.get("--only"), all),
    resume: switches.has("--resume"),
    discard: switches.has("--discard"),
    ...(state !== undefined && { state }),
  };
}

function kindOf(switches: ReadonlySet<string>): SoakArguments["kind"] {
  if (switches.has("--help") || switches.has("-h")) return "help";
  if (switches.has("--check")) return "check";
  return switches.has("--write") ? "write" : "run";
}

function requireSense(values: ReadonlyMap<string, string>, switches: ReadonlySet<string>): void {
  const asked = ["--rounds", "--timers", "--only"].find((flag) => values.has(flag));
  const mode = ["--resume", "--write", "--check"].find((flag) => switches.has(flag));
  if (asked !== undefined && mode !== undefined) {
    throw new UserError(`${mode} keeps what the soak was begun with: leave ${asked} out, or begin anew.`);
  }
  if (switches.has("--resume") && switches.has("--discard")) {
    throw new UserError("--resume goes on with a soak, --discard throws it away: use one of them.");
  }
}

function roundsIn(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new UserError(`--rounds must be a whole number from 1 to 99, not "${text}".`);
}

function timersIn(text: string): TimerSet {
  if (text === "real" || text === "scaled") return text;
  throw new UserError(`--timers must be real or scaled, not "${text}".`);
}

function drillsIn(only: string | undefined, all: readonly Pick<DrillText, "id">[]): readonly string[] {
  const ids = all.map(({ id }) => id);
  if (only === undefined) return ids;
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !ids.includes(name));
  if (unknown !== undefined)
    throw new UserError(`there is no drill "${unknown}"; there are ${ids.join(", ")}.`);
  return ids.filter((id) => names.includes(id));
}
