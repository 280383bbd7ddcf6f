import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { HELP, readArguments } from "./arguments";
import { statefulSets, waitCommand } from "./engines";
import {
  declaredObjects,
  itemsOf,
  type KubernetesObject,
  liveProblems,
  readCommands,
  readObjects,
} from "./live";
import { type Ask, missingPrerequisites } from "./prerequisites";

const ROOT = join(__dirname, "..", "..");
/** As long as the longest roll-out of one engine is awaited by Pulumi itself. */
const WAIT_SECONDS = 3600;

const ask: Ask = async (command, args) => {
  const { failed, stdout } = await execa(command, [...args], { reject: false, cwd: ROOT });
  return failed ? undefined : stdout;
};

async function main(): Promise<number> {
  const request = readArguments(process.argv.slice(2));
  if (request.kind === "help") return say(HELP, 0);
  if (request.kind === "refused") return say(["Nothing was deployed:", ...request.problems].join("\n  "), 2);
  const { environment, flags } = request;

  say(`Checking what a deployment of ${environment} needs …`, 0);
  const missing = await missingPrerequisites(ROOT, environment, ask, process.env);
  if (missing.length > 0) return say(["Nothing was deployed. Missing:", ...missing].join("\n  "), 2);

  const built = await visible("npm", ["run", "--silent", "build:policy"]);
  if (built !== 0) return say("Nothing was deployed: the policy pack does not build.", built);
  const deployed = await deploy(environment, flags);
  if (deployed !== 0) return deployed;
  return await awaitEngines(environment);
}

/**
 * The update, with the pack, which is told what is deployed: a rule about a change needs both sides. The export holds
 * the stack's state, so that it lives no longer than the update and only this user may read it.
 */
async function deploy(environment: string, flags: readonly string[]): Promise<number> {
  const state = await ask("pulumi", ["stack", "export", "--stack", environment]);
  return await withFile("state.json", state ?? "{}", (file) =>
    visible("pulumi", ["up", "--stack", environment, "--policy-pack", join(ROOT, "policy"), ...flags], {
      TRADING_PREVIOUS_STATE: file,
    }),
  );
}

/** Readiness of every engine, also of those that this update did not touch: their nodes may have been rolled. */
async function awaitEngines(environment: string): Promise<number> {
  const engines = statefulSets(await output(environment, "engines"));
  if (engines.length === 0) return say("The stack has no engines to wait for.", 0);
  const kubeconfig = await output(environment, "kubeconfig");
  const look = async (kubectl: readonly string[]): Promise<number> => {
    const code = await rollouts(engines, kubectl);
    return code === 0 ? await compare(environment, kubectl) : code;
  };
  if (typeof kubeconfig !== "string") return await look([]);
  return await withFile("kubeconfig", kubeconfig, (file) => look(["--kubeconfig", file]));
}

/** What a webhook changed on its way into the cluster no preview shows: the deployment has failed all the same. */
async function compare(environment: string, kubectl: readonly string[]): Promise<number> {
  const state = await ask("pulumi", ["stack", "export", "--stack", environment]);
  const declared = declaredObjects(state === undefined ? {} : JSON.parse(state));
  const problems = liveProblems(declared, await liveObjects(declared, kubectl));
  if (problems.length === 0) return say("The cluster holds what was declared.", 0);
  const remedy = "Look for a mutating admission policy or webhook, or for a change by hand.";
  return say(["The cluster holds something else than was declared:", ...problems, remedy].join("\n  "), 1);
}

async function liveObjects(
  declared: readonly KubernetesObject[],
  kubectl: readonly string[],
): Promise<KubernetesObject[]> {
  const found: unknown[] = [];
  for (const command of readCommands(declared)) {
    const answer = await ask("kubectl", [...kubectl, ...command]);
    if (answer !== undefined) found.push(JSON.parse(answer));
  }
  return readObjects(found.flatMap((value) => itemsOf(value)));
}

/** Lends a file that only this user can read, and deletes it afterwards. */
async function withFile(
  name: string,
  content: string,
  use: (file: string) => Promise<number>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "trading-up-"));
  try {
    const file = join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rollouts(
  engines: ReturnType<typeof statefulSets>,
  kubectl: readonly string[],
): Promise<number> {
  for (const engine of engines) {
    say(`Waiting for engine ${engine.namespace}/${engine.name} …`, 0);
    const code = await visible("kubectl", [...kubectl, ...waitCommand(engine, WAIT_SECONDS)]);
    if (code !== 0)
      return say(
        `Engine ${engine.namespace}/${engine.name} is not ready. Its markets are dark: look at its pods before anything else.`,
        code,
      );
  }
  return say("Every engine is ready.", 0);
}

async function output(environment: string, name: string): Promise<unknown> {
  const text = await ask("pulumi", [
    "stack",
    "output",
    name,
    "--json",
    "--show-secrets",
    "--stack",
    environment,
  ]);
  return text === undefined ? undefined : JSON.parse(text);
}

async function visible(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const { exitCode } = await execa(command, [...args], { reject: false, cwd: ROOT, stdio: "inherit", env });
  return exitCode ?? 1;
}

function say(text: string, exitCode: number): number {
  (exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return exitCode;
}

void main().then((code) => {
  process.exitCode = code;
});
