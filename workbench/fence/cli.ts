import { existsSync } from "node:fs";
import { labFolder } from "../lab/paths";
import { kubectl } from "../lab/tools";
import { runMain, UserError } from "../offline/errors";
import { kubectlCluster } from "./cluster";
import { fence, giveBack, moved } from "./fence";
import { ec2Instances } from "./instances";
import { labInstances } from "./lab-instances";

const HELP = `Fences a dead node: proves that its instance stopped, then lets its engines start elsewhere.

Usage: npm run fence -- <node> [options]

  --region REGION   region of the instance (default: AWS_REGION)
  --context NAME    kubeconfig context (default: the current one)
  --stop            stop the instance if it still runs; without a drain
  --timeout SECONDS until it must be stopped, and its engines ready elsewhere (default 600)
  --dry-run         say what would be done
  --return          take a node back that came up again
  --lab DIR         a real node of the lab instead of an EC2 instance

A silent node may still trade. EC2's "stopped" or "terminated" is the only proof that is taken; an error, an unknown
state or a timeout is none, and then nothing is tainted. Ends with 0 when every engine is ready elsewhere, with 3 when
the node is fenced and an engine is not ready yet, with 1 when nothing was done.
`;

interface Arguments {
  readonly node: string;
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

const NOT_READY_YET = 3;

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (argv.length === 0 || argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(HELP);
    return 0;
  }
  const { node, flags, values } = readArguments(argv);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const context = values.get("--context");
  const options = {
    ...targets(values.get("--lab"), values.get("--region") ?? process.env["AWS_REGION"], context),
    say,
    stop: flags.has("--stop"),
    dryRun: flags.has("--dry-run"),
    timeoutSeconds: seconds(values.get("--timeout")),
  };
  if (flags.has("--return")) {
    await giveBack(node, options);
    return 0;
  }
  const engines = await fence(node, options);
  if (options.dryRun) return 0;
  const missing = await moved(engines, options);
  for (const { name } of missing) say(`${name} is not ready yet: kubectl describe pod ${name}`);
  return missing.length === 0 ? 0 : NOT_READY_YET;
}

function targets(state: string | undefined, region: string | undefined, context: string | undefined) {
  if (state !== undefined) {
    const lab = labFolder(state);
    if (!existsSync(lab.kubeconfig)) throw new UserError(`there is no lab in ${lab.root}.`);
    process.env["KUBECONFIG"] = lab.kubeconfig;
    return { cluster: kubectlCluster({ kubectl: kubectl() }), instances: labInstances(lab) };
  }
  if (region === undefined || region === "") {
    throw new UserError("which region? Give --region, or set AWS_REGION.");
  }
  return {
    cluster: kubectlCluster(context === undefined ? {} : { context }),
    instances: ec2Instances(region),
  };
}

/** Reads the command line; throws a {@link UserError} for what it cannot mean. */
function readArguments(argv: readonly string[]): Arguments {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const names: string[] = [];
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const [flag = word, inline] = word.split(/=(.*)/s, 2);
    if (["--stop", "--dry-run", "--return"].includes(word)) flags.add(word);
    else if (["--region", "--context", "--timeout", "--lab"].includes(flag)) {
      const value = inline ?? queue.shift();
      if (value === undefined || value === "" || value.startsWith("-"))
        throw new UserError(`${flag} needs a value.`);
      values.set(flag, value);
    } else if (word.startsWith("-"))
      throw new UserError(`unknown option "${word}". See npm run fence -- --help.`);
    else names.push(word);
  }
  const [node, ...more] = names;
  if (node === undefined || more.length > 0)
    throw new UserError("name one node. See npm run fence -- --help.");
  return { node, flags, values };
}

function seconds(text: string | undefined): number {
  const value = Number(text ?? 600);
  if (!(value > 0)) throw new UserError(`--timeout must be a number of seconds, not "${text}".`);
  return value;
}

void runMain(main);
