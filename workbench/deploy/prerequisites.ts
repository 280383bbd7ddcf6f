import { existsSync } from "node:fs";
import { join } from "node:path";

/** What a program answered: its output, or nothing when it is missing or failed. */
export type Ask = (command: string, args: readonly string[]) => Promise<string | undefined>;

/** Oldest CLI that the program's SDK was proven with. */
const PULUMI = { major: 3, minor: 259 };

/** Everything that is missing for a deployment, each with its remedy. Empty when it can begin. */
export async function missingPrerequisites(
  root: string,
  environment: string,
  ask: Ask,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const [pulumi, aws, kubectl, backend] = await Promise.all([
    ask("pulumi", ["version"]),
    ask("aws", ["--version"]),
    ask("kubectl", ["version", "--client"]),
    ask("pulumi", ["whoami", "--non-interactive"]),
  ]);
  return [
    ...stackFile(root, environment),
    ...pulumiVersion(pulumi),
    ...(pulumi !== undefined && backend === undefined
      ? [
          "state backend: not logged in; run: pulumi login 's3://<bucket>?region=<region>&awssdk=v2', or: pulumi login",
        ]
      : []),
    ...(aws === undefined
      ? ["AWS CLI: not found on PATH; install version 2. The EKS component and every kubeconfig call it"]
      : []),
    ...(kubectl === undefined
      ? ["kubectl: not found on PATH; install it, or nothing waits for the engines after the deployment"]
      : []),
    ...credentials(env),
  ];
}

function stackFile(root: string, environment: string): string[] {
  const file = `Pulumi.${environment}.yaml`;
  return existsSync(join(root, file))
    ? []
    : [`stack file: ${file} does not exist; copy Pulumi.dev.yaml and change it`];
}

/** Pure: what is wrong with the answer of `pulumi version`. */
export function pulumiVersion(answer: string | undefined): string[] {
  if (answer === undefined)
    return ["Pulumi CLI: not found on PATH; install 3.259 or newer (https://www.pulumi.com/docs/install)"];
  const [, major, minor] = /v?(\d+)\.(\d+)\./.exec(answer) ?? [];
  if (major === undefined || minor === undefined)
    return [`Pulumi CLI: its version is not readable (got "${answer.trim()}")`];
  const tooOld =
    Number(major) < PULUMI.major || (Number(major) === PULUMI.major && Number(minor) < PULUMI.minor);
  return tooOld
    ? [`Pulumi CLI: ${answer.trim()} is older than v3.259, which the program was proven with; upgrade it`]
    : [];
}

/** Credentials may also come from an instance or a container; then nothing in the environment says so. */
function credentials(env: NodeJS.ProcessEnv): string[] {
  const sources = [
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  ];
  if (
    sources.some((name) => env[name]) ||
    existsSync(join(env["HOME"] ?? "/", ".aws")) ||
    env["TRADING_INSTANCE_CREDENTIALS"]
  )
    return [];
  return [
    "AWS credentials: none found; set AWS_PROFILE, or on an instance with a role TRADING_INSTANCE_CREDENTIALS=1",
  ];
}
