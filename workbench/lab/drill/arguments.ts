import { UserError } from "../../offline/errors";
import type { DrillTimerSet } from "../timers";
import type { Drill } from "./drill";
import { SUBJECTS, type SubjectName } from "./subject";

export interface DrillArguments {
  readonly kind: "run" | "list" | "help";
  readonly state?: string;
  readonly evidence?: string;
  readonly timers: DrillTimerSet;
  readonly subject: SubjectName;
  readonly drills: readonly Drill[];
}

const FLAGS = ["--state", "--evidence", "--timers", "--subject"];

/** Reads the command line of `lab drill`; throws a {@link UserError} for what it cannot mean. */
export function parseDrillArguments(argv: readonly string[], all: readonly Drill[]): DrillArguments {
  const names: string[] = [];
  const values = new Map<string, string>();
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const nothing = { timers: "scaled", subject: "ours" } as const;
    if (word === "--help" || word === "-h") return { ...nothing, kind: "help", drills: [] };
    if (word === "--list") return { ...nothing, kind: "list", drills: all };
    if (!word.startsWith("-")) {
      names.push(word);
      continue;
    }
    const [flag = word, inline] = word.split(/=(.*)/s, 2);
    if (!FLAGS.includes(flag)) {
      throw new UserError(`unknown option "${flag}". See npm run lab -- drill --help.`);
    }
    const value = inline ?? queue.shift();
    if (value === undefined || value === "" || value.startsWith("-"))
      throw new UserError(`${flag} needs a value.`);
    values.set(flag, value);
  }
  const [state, evidence, timers = "scaled", asked = "ours"] = FLAGS.map((flag) => values.get(flag));
  if (timers !== "real" && timers !== "scaled") {
    throw new UserError(`--timers must be real or scaled, not "${timers}".`);
  }
  const subject = SUBJECTS.find((name) => name === asked);
  if (subject === undefined) throw new UserError(`--subject must be ours or seed, not "${asked}".`);
  return {
    kind: "run",
    timers,
    subject,
    drills: chosen(names, all),
    ...(state !== undefined && { state }),
    ...(evidence !== undefined && { evidence }),
  };
}

function chosen(names: readonly string[], all: readonly Drill[]): readonly Drill[] {
  const unknown = names.find((name) => all.every(({ id }) => id !== name));
  if (unknown !== undefined) {
    throw new UserError(`there is no drill "${unknown}"; there are ${all.map(({ id }) => id).join(", ")}.`);
  }
  return names.length === 0 ? all : all.filter(({ id }) => names.includes(id));
}
