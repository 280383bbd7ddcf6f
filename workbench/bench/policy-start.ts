import { join } from "node:path";
import { type Command, compare, run } from "./measure";
import { startMonitor } from "./monitor";
import type { Result } from "./report";
import { ROOT } from "./stack-config";

const EMPTY = join(__dirname, "fixtures", "empty-pack");

/** From the start of the policy host's process to the line with its port: what a preview waits for. */
export async function benchPolicyStart(
  rounds: number,
  onRun: (name: string, round: number) => void,
): Promise<Result[]> {
  const monitor = await startMonitor();
  try {
    const cost = await compare(
      [
        { name: "policy pack", run: () => run(pack(monitor.address, join(ROOT, "policy"))) },
        { name: "empty pack", run: () => run(pack(monitor.address, EMPTY)) },
      ],
      rounds,
      onRun,
    );
    const ours = cost("policy pack");
    const empty = cost("empty pack");
    return [
      {
        what: "policy host start ÷ empty compiled pack",
        value: ours.seconds / empty.seconds,
        bound: 1.5,
        detail: `${ours.seconds.toFixed(2)} s ÷ ${empty.seconds.toFixed(2)} s`,
      },
    ];
  } finally {
    monitor.close();
  }
}

function pack(engine: string, directory: string): Command {
  return {
    args: [require.resolve("@pulumi/pulumi/cmd/run-policy-pack"), engine, directory],
    cwd: directory,
    env: {
      PULUMI_NODEJS_PROJECT: "trading",
      PULUMI_NODEJS_STACK: "dev",
      PULUMI_NODEJS_ORGANIZATION: "bench",
      PULUMI_NODEJS_DRY_RUN: "true",
      PULUMI_CONFIG: "{}",
    },
    untilFirstLine: true,
  };
}
