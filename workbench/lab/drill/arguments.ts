import { UserError } from "../../offline/errors";
import type { TimerSet } from "../timers";
import type { Drill, DrillText } from "./drill";
import type { StackStage } from "./stack-stage";
import { SUBJECTS, type SubjectName } from "./subject";

/** Drills by what they are made on: engines put on a lab by hand, or the whole stack. */
export interface Drills {
  readonly engines: readonly Drill[];
  readonly stack: readonly Drill<StackStage>[];
}

export interface DrillArguments {
  readonly kind: "run" | "list" | "help";
  readonly state?: string;
  readonly evidence?: string;
  readonly timers: TimerSet;
  readonly subject: SubjectName;
  readonly drills: Drills;
}

const FLAGS = ["--state", "--evidence", "--timers", "--subject", "--stage"];
const STAGES = ["engines", "stack"] as const satisfies readonly (keyof Drills)[];
const NONE: Drills = { engines: [], stack: [] };

/** Reads the command line of `lab drill`; throws a {@link UserError} for what it cannot mean. */
export function parseDrillArguments(argv: readonly string[], all: Drills): DrillArguments {
  const names: string[] = [];
  const values = new Map<string, string>();
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const nothing = { timers: "scaled", subject: "ours" } as const;
    if (word === "--help" || word === "-h") return { ...nothing, kind: "help", drills: NONE };
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
  const [state, evidence, timers = "scaled", asked = "ours", place] = FLAGS.map((flag) => values.get(flag));
  if (timers !== "real" && timers !== "scaled") {
    throw new UserError(`--timers must be real or scaled, not "${timers}".`);
  }
  const subject = SUBJECTS.find((name) => name === asked);
  if (subject === undefined) throw new UserError(`--subject must be ours or seed, not "${asked}".`);
  return {
    kind: "run",
    timers,
    subject,
    drills: chosen(names, onStage(all, place)),
    ...(state !== undefined && { state }),
    ...(evidence !== undefined && { evidence }),
  };
}

function onStage(all: Drills, place: string | undefined): Drills {
  if (place === undefined) return all;
  const stage = STAGES.find((name) => name === place);
  if (stage === undefined) throw new UserError(`--stage must be ${STAGES.join(" or ")}, not "${place}".`);
  return { ...NONE, [stage]: all[stage] };
}

function chosen(names: readonly string[], all: Drills): Drills {
  const known = [...all.engines, ...all.stack].map(({ id }) => id);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError(`there is no drill "${unknown}"; there are ${known.join(", ")}.`);
  }
  if (names.length === 0) return all;
  const isNamed = ({ id }: Pick<DrillText, "id">): boolean => names.includes(id);
  return { engines: all.engines.filter(isNamed), stack: all.stack.filter(isNamed) };
}
