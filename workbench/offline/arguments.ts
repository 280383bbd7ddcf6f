import { UserError } from "./errors";

export const COMMANDS = ["preview", "up", "destroy", "refresh", "analyze", "state"] as const;
export type Command = (typeof COMMANDS)[number];

/** A request for help, of one command or of all. */
export interface HelpArguments {
  readonly command: "help";
  readonly topic?: Command;
}

/** What the command line asks for. */
export interface OfflineArguments {
  readonly command: Command;
  readonly stack: string;
  readonly project?: string;
  readonly state?: string;
  readonly policyPack?: string;
  readonly policies: boolean;
  /** Folder of the lab on which Kubernetes is real, or `true` for the usual one; simulated without it. */
  readonly lab?: string | true;
  /** Kubeconfig context on which Kubernetes is real. */
  readonly context?: string;
  /** The file that the context is in. */
  readonly kubeconfig?: string;
  /** Everything else, for Pulumi. */
  readonly passed: readonly string[];
}

const OWN_VALUES = {
  "--stack": "stack",
  "-s": "stack",
  "--project": "project",
  "--state": "state",
  "--policy-pack": "policyPack",
  "--context": "context",
  "--kubeconfig": "kubeconfig",
} as const;
type OwnValue = (typeof OWN_VALUES)[keyof typeof OWN_VALUES];

// Pulumi flags that would lead a run out of the simulation.
const REFUSED: Readonly<Record<string, string>> = {
  "--config-file":
    "the offline engine keeps its own copy of the stack file; edit Pulumi.<stack>.yaml instead",
  "--cwd": "use --project DIR",
  "-C": "use --project DIR",
  "--secrets-provider": "the offline engine encrypts its throw-away state with a passphrase of its own",
};

/** Reads the command line; throws a {@link UserError} for what it cannot mean. */
export function parseArguments(argv: readonly string[]): OfflineArguments | HelpArguments {
  const [first, ...rest] = argv;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    const topic = COMMANDS.find((command) => command === rest[0]);
    return { command: "help", ...(topic && { topic }) };
  }
  const command = COMMANDS.find((name) => name === first);
  if (!command) {
    throw new UserError(`unknown command "${first}": expected one of ${COMMANDS.join(", ")}. See --help.`);
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    return { command: "help", topic: command };
  }
  return readFlags(command, rest);
}

function readFlags(command: Command, flags: readonly string[]): OfflineArguments {
  const values: Partial<Record<OwnValue, string>> = {};
  const passed: string[] = [];
  let policies = true;
  let lab: string | true | undefined;
  const queue = [...flags];
  for (let flag = queue.shift(); flag !== undefined; flag = queue.shift()) {
    const [name = flag, inline] = splitFlag(flag);
    const refusal = REFUSED[name];
    if (refusal !== undefined) {
      throw new UserError(`${name} cannot be used here: ${refusal}.`);
    }
    const own = ownValue(name);
    if (own !== undefined) {
      values[own] = inline ?? nextValue(name, queue);
    } else if (flag === "--no-policy") {
      policies = false;
    } else if (name === "--lab") {
      lab = inline ?? true;
    } else {
      passed.push(flag);
    }
  }
  const { stack, ...others } = values;
  if (stack === undefined) {
    throw new UserError(`which environment? Add --stack NAME; it names the file Pulumi.NAME.yaml.`);
  }
  if (lab !== undefined && others.context !== undefined) {
    throw new UserError("--lab and --context name two clusters: use one of them.");
  }
  if (others.kubeconfig !== undefined && others.context === undefined) {
    throw new UserError("--kubeconfig needs --context NAME: the context of that file to deploy to.");
  }
  return { command, stack, policies, passed, ...(lab !== undefined && { lab }), ...others };
}

function ownValue(name: string): OwnValue | undefined {
  return Object.entries(OWN_VALUES).find(([flag]) => flag === name)?.[1];
}

function splitFlag(flag: string): readonly [string, string | undefined] {
  const index = flag.startsWith("--") ? flag.indexOf("=") : -1;
  return index < 0 ? [flag, undefined] : [flag.slice(0, index), flag.slice(index + 1)];
}

function nextValue(name: string, queue: string[]): string {
  const value = queue.shift();
  if (value === undefined || value.startsWith("-")) {
    throw new UserError(`${name} needs a value${value === undefined ? "" : `, not "${value}"`}.`);
  }
  return value;
}
