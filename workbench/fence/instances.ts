import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../offline/errors";
import { onPath } from "../support/on-path";

/** States in which an instance executes nothing any more. Everything else may still send orders. */
const STOPPED: readonly string[] = ["stopped", "terminated"];

/** What is known of an instance: `unknown` when whoever knows it did not answer. */
export type InstanceState =
  | { readonly kind: "stopped"; readonly state: string }
  | { readonly kind: "running"; readonly state: string }
  | { readonly kind: "unknown"; readonly why: string };

/** Whoever runs the instances behind the nodes. */
export interface Instances {
  /** Instance of a node's `providerID`, or why there is none. */
  idOf(providerId: string): { readonly id: string } | { readonly why: string };
  describe(id: string): Promise<InstanceState>;
  /** Asks for a stop without delay; the proof is {@link describe}'s. */
  stop(id: string): Promise<void>;
}

const run = promisify(execFile);
const PROVIDER_ID = /^aws:\/\/\/(([a-z]{2}-[a-z]+-\d)[a-z])\/(i-[0-9a-f]{8,17})$/;

/** Reads what EC2 says of an instance's state. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
export function instanceState(state: unknown): InstanceState {
  if (typeof state !== "string" || state === "") return { kind: "unknown", why: "EC2 named no state" };
  return STOPPED.includes(state) ? { kind: "stopped", state } : { kind: "running", state };
}

/** EC2 by the AWS CLI, in one region. */
export function ec2Instances(region: string): Instances {
  if (onPath("aws") === undefined) {
    throw new UserError(
      "aws is not on PATH: only EC2 can prove that an instance stopped. Install the AWS CLI v2.",
    );
  }
  const call = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run("aws", ["ec2", ...args, "--region", region, "--output", "text"], {
      timeout: 30_000,
    });
    return stdout.trim();
  };
  return {
    idOf(providerId) {
      const [, , inRegion, id] = PROVIDER_ID.exec(providerId) ?? [];
      if (id === undefined) return { why: `its providerID "${providerId}" names no EC2 instance` };
      return inRegion === region
        ? { id }
        : { why: `its instance is in ${inRegion}, not in ${region}: give --region ${inRegion}` };
    },
    async describe(id) {
      try {
        const query = "Reservations[].Instances[].State.Name";
        return instanceState(await call("describe-instances", "--instance-ids", id, "--query", query));
      } catch (error) {
        return { kind: "unknown", why: complaint(error) };
      }
    },
    async stop(id) {
      try {
        await call("stop-instances", "--force", "--instance-ids", id);
      } catch (error) {
        throw new UserError(`EC2 did not take the order to stop ${id}: ${complaint(error)}`);
      }
    },
  };
}

function complaint(error: unknown): string {
  const words =
    typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr).trim() : "";
  return words.split("\n").at(-1) || (error instanceof Error ? error.message : String(error));
}
