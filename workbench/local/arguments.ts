import { UserError } from "../offline/errors";

export type LocalArguments =
  | { readonly command: "help" }
  | { readonly command: "down"; readonly state?: string }
  | {
      readonly command: "up";
      readonly state?: string;
      /** Whether no kubelet may be real, also where it could be. */
      readonly simulated: boolean;
      /** For Pulumi. */
      readonly passed: readonly string[];
    };

/** Reads the command line; throws a {@link UserError} for what it cannot mean. */
export function parseArguments(argv: readonly string[]): LocalArguments {
  const [first = "up", ...others] = argv;
  const [command, rest] = first.startsWith("-") ? ["up", argv] : [first, others];
  if (command === "help" || rest.some((flag) => flag === "--help" || flag === "-h"))
    return { command: "help" };
  if (command !== "up" && command !== "down") {
    throw new UserError(`unknown command "${command}": expected up or down. See --help.`);
  }
  let state: string | undefined;
  let simulated = false;
  const passed: string[] = [];
  const queue = [...rest];
  for (let flag = queue.shift(); flag !== undefined; flag = queue.shift()) {
    const [name = flag, inline] = flag.split(/=(.*)/s, 2);
    if (name === "--state") {
      state = inline ?? queue.shift();
      if (state === undefined || state === "" || state.startsWith("-"))
        throw new UserError("--state needs a folder.");
    } else if (flag === "--simulated") {
      simulated = true;
    } else {
      passed.push(flag);
    }
  }
  const place = state === undefined ? {} : { state };
  if (command === "up") return { command, simulated, passed, ...place };
  const extra = simulated ? "--simulated" : passed[0];
  if (extra !== undefined) throw new UserError(`unknown option "${extra}" of down. See --help.`);
  return { command, ...place };
}
