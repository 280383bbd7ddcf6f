import { UserError } from "../offline/errors";
import { MOST_NODES } from "./real/node-folder";
import type { LabTimers } from "./timers";

export const COMMANDS = ["up", "down", "status", "kubeconfig"] as const;
export type Command = (typeof COMMANDS)[number];

/** A request for help, of one command or of all. */
export interface HelpArguments {
  readonly command: "help";
  readonly topic?: Command;
}

/** What the command line asks for; what it leaves out is decided by `up`, or by the lab that is there. */
export interface LabArguments {
  readonly command: Command;
  readonly state?: string;
  readonly stack?: string;
  readonly port?: number;
  readonly nodesPerZone?: number;
  readonly timers?: LabTimers;
  readonly cpuManager?: CpuManager;
  /** A cluster that somebody else made, instead of a lab. */
  readonly context?: string;
  readonly kubeconfig?: string;
  /** How many real nodes each zone has. */
  readonly real?: Readonly<Record<string, number>>;
}

export type CpuManager = "none" | "static";

const FLAGS: Readonly<Record<string, readonly Command[]>> = {
  "--state": COMMANDS,
  "--stack": ["up"],
  "--port": ["up"],
  "--nodes-per-zone": ["up"],
  "--real": ["up"],
  "--timers": ["up"],
  "--cpu-manager": ["up"],
  "--context": ["status"],
  "--kubeconfig": ["status"],
};

/** Reads the command line; throws a {@link UserError} for what it cannot mean. */
export function parseArguments(argv: readonly string[]): LabArguments | HelpArguments {
  const [first, ...rest] = argv;
  const command = COMMANDS.find((name) => name === first);
  const isHelp = (flag: string): boolean => flag === "--help" || flag === "-h";
  if (first === undefined || isHelp(first) || first === "help") {
    const topic = COMMANDS.find((name) => name === rest[0]);
    return { command: "help", ...(topic && { topic }) };
  }
  if (!command) {
    throw new UserError(`unknown command "${first}": expected one of ${COMMANDS.join(", ")}. See --help.`);
  }
  return rest.some(isHelp) ? { command: "help", topic: command } : readFlags(command, rest);
}

function readFlags(command: Command, rest: readonly string[]): LabArguments {
  const values = new Map<string, string>();
  const queue = [...rest];
  for (let flag = queue.shift(); flag !== undefined; flag = queue.shift()) {
    const [name = flag, inline] = flag.split(/=(.*)/s, 2);
    const takers = FLAGS[name];
    if (takers === undefined) {
      throw new UserError(`unknown option "${name}". See npm run lab -- ${command} --help.`);
    }
    if (!takers.includes(command)) {
      const why = takers.includes("up") ? ": a lab keeps what it was made with" : "";
      throw new UserError(`${name} is for "${takers.join(", ")}" only${why}.`);
    }
    const value = inline ?? queue.shift();
    if (value === undefined || value === "" || value.startsWith("-")) {
      throw new UserError(`${name} needs a value${value ? `, not "${value}"` : ""}.`);
    }
    values.set(name, value);
  }
  const state = values.get("--state");
  const stack = values.get("--stack");
  const context = values.get("--context");
  const kubeconfig = values.get("--kubeconfig");
  if (context !== undefined && state !== undefined) {
    throw new UserError("--state names a lab and --context another cluster: use one of them.");
  }
  if (kubeconfig !== undefined && context === undefined) {
    throw new UserError("--kubeconfig needs --context NAME: the context of that file to look at.");
  }
  const port = number(values, "--port", 1024, 65_535);
  const nodesPerZone = number(values, "--nodes-per-zone", 0, 100);
  return {
    command,
    ...(state !== undefined && { state }),
    ...(stack !== undefined && { stack }),
    ...(context !== undefined && { context }),
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(port !== undefined && { port }),
    ...(nodesPerZone !== undefined && { nodesPerZone }),
    ...choice(values, "--timers", "timers", ["real", "scaled"] as const),
    ...choice(values, "--cpu-manager", "cpuManager", ["none", "static"] as const),
    ...realZones(values.get("--real")),
  };
}

function choice<Key extends string, Value extends string>(
  values: ReadonlyMap<string, string>,
  flag: string,
  key: Key,
  allowed: readonly Value[],
): Partial<Record<Key, Value>> {
  const text = values.get(flag);
  if (text === undefined) return {};
  const value = allowed.find((each) => each === text);
  if (value === undefined) throw new UserError(`${flag} must be ${allowed.join(" or ")}, not "${text}".`);
  const result: Partial<Record<Key, Value>> = {};
  result[key] = value;
  return result;
}

function realZones(text: string | undefined): Pick<LabArguments, "real"> {
  if (text === undefined) return {};
  const real: Record<string, number> = {};
  for (const part of text.split(",")) {
    const [, zone, count = "1"] = /^([a-z0-9-]+)(?:=([1-9]))?$/.exec(part) ?? [];
    if (zone === undefined) {
      throw new UserError(`--real must be ZONE or ZONE=COUNT, with commas between, not "${part}".`);
    }
    real[zone] = (real[zone] ?? 0) + Number(count);
  }
  const total = Object.values(real).reduce((sum, count) => sum + count, 0);
  if (total > MOST_NODES)
    throw new UserError(`--real asks for ${total} nodes: a lab has at most ${MOST_NODES}.`);
  return { real };
}

function number(
  values: ReadonlyMap<string, string>,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new UserError(`${name} must be a whole number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}
