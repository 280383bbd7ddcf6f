import { existsSync } from "node:fs";
import { UserError } from "../../offline/errors";
import { onPath } from "../../support/on-path";
import { run } from "./run";

/** Programs that real nodes need, and the Debian packages that hold them. */
const PROGRAMS = {
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  ip: "iproute2",
  nsenter: "util-linux",
};
const PLUGINS = "/usr/lib/cni/bridge";

const BRIDGE = "containernetworking-plugins";

const WITHOUT = "Without real nodes the lab works for everybody: leave --real out.";

/** Debian packages that a machine lacks, by the programs that are needed of them. */
export function missingPackages(
  programs: Readonly<Record<string, string>>,
  hasProgram: (name: string) => boolean,
): string[] {
  const missing = Object.entries(programs).filter(([program]) => !hasProgram(program));
  return [...new Set(missing.map(([, name]) => name))];
}

/** Why this machine or this user cannot have real nodes, or undefined. */
export function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) {
    return "real nodes need root: their network, mounts and cgroups are the machine's";
  }
  return existsSync("/sys/fs/cgroup/cpuset/cgroup.procs")
    ? undefined
    : "real nodes need cgroups of version 1, which this machine does not mount";
}

/** Refuses a machine that cannot have real nodes; installs what a Debian lacks. */
export async function requireRuntime(say: (line: string) => void): Promise<void> {
  const reason = obstacle();
  if (reason !== undefined) throw new UserError(`${reason}. ${WITHOUT}`);
  const missing = missingPackages(PROGRAMS, (name) => onPath(name) !== undefined);
  await installMissing(
    existsSync(PLUGINS) ? missing : [...missing, BRIDGE],
    { who: "a real node", without: WITHOUT },
    say,
  );
}

/** Installs packages on a Debian; refuses any other machine that lacks them. */
export async function installMissing(
  packages: readonly string[],
  { who, without }: { readonly who: string; readonly without: string },
  say: (line: string) => void,
): Promise<void> {
  if (packages.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (onPath("apt-get") === undefined) {
    throw new UserError(`${who} needs ${packages.join(", ")}, which this machine lacks. ${without}`);
  }
  say(`installing ${packages.join(", ")} with apt-get, once`);
  try {
    await run("apt-get", "update", "-qq");
    await run("apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n").at(-1) : String(error);
    throw new UserError(`"${command}" failed (${reason}), and ${who} needs it. ${without}`);
  }
}
