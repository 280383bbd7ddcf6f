import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Command, compare, run } from "./measure";
import { startMonitor } from "./monitor";
import type { Result } from "./report";
import { programConfig, ROOT } from "./stack-config";

const EMPTY = join(__dirname, "fixtures", "empty-program");
/** What ts-node does without our one line in tsconfig.json. */
const TYPE_CHECKED = join(__dirname, "fixtures", "type-checked.tsconfig.json");

/** The program's start as the engine starts it, beside the same program type-checked at every start, and an empty one. */
export async function benchProgramStart(
  rounds: number,
  onRun: (name: string, round: number) => void,
): Promise<Result[]> {
  const monitor = await startMonitor();
  try {
    const config = JSON.stringify(programConfig("dev"));
    const dev = program(monitor.address, ROOT, config);
    const checked = { ...dev, env: { ...dev.env, PULUMI_NODEJS_TSCONFIG_PATH: TYPE_CHECKED } };
    const empty = program(monitor.address, EMPTY, "{}");
    const cost = await compare(
      [
        { name: "dev", run: () => run(dev) },
        { name: "dev, type-checked", run: () => run(checked) },
        { name: "empty program", run: () => run(empty) },
      ],
      rounds,
      onRun,
    );
    const ours = cost("dev");
    const theirs = cost("dev, type-checked");
    return [
      {
        what: "program start ÷ type-checked start",
        value: ours.seconds / theirs.seconds,
        bound: 0.4,
        detail: `${ours.seconds.toFixed(2)} s ÷ ${theirs.seconds.toFixed(2)} s`,
      },
      {
        what: "program's peak memory, MB",
        value: ours.megabytes,
        bound: 300,
        detail: `type-checked ${theirs.megabytes.toFixed(0)} MB`,
      },
      {
        what: "program start ÷ empty program",
        value: ours.seconds / cost("empty program").seconds,
        detail: `${cost("empty program").seconds.toFixed(2)} s, ${cost("empty program").megabytes.toFixed(0)} MB empty`,
      },
    ];
  } finally {
    monitor.close();
  }
}

function program(monitor: string, directory: string, config: string): Command {
  return {
    args: [
      ...nodeArguments(directory),
      require.resolve("@pulumi/pulumi/cmd/run"),
      ...["--monitor", monitor, "--engine", monitor],
      ...["--project", "trading", "--stack", "dev", "--organization", "bench"],
      ...["--root-directory", directory, "--pwd", directory, "--dry-run", "--parallel", "16"],
      ".",
    ],
    cwd: directory,
    env: { PULUMI_CONFIG: config, PULUMI_NODEJS_TYPESCRIPT: "true" },
  };
}

/** The runtime options of a project that the engine hands to Node.js. */
function nodeArguments(directory: string): string[] {
  const project: { runtime?: { options?: { nodeargs?: string } } } = parse(
    readFileSync(join(directory, "Pulumi.yaml"), "utf8"),
  );
  return project.runtime?.options?.nodeargs?.split(" ") ?? [];
}
