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

const WITHOUT = "Without real nodes the lab works for everybody: leave --real out.";

/** Packages that a machine lacks for real nodes. */
export function missingPackages(
  hasProgram: (name: string) => boolean,
  hasFile: (path: string) => boolean,
): string[] {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !hasProgram(program));
  const packages = [
    ...missing.map(([, name]) => name),
    ...(hasFile(PLUGINS) ? [] : ["containernetworking-plugins"]),
  ];
  return [...new Set(packages)];
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
  const missing = missingPackages((name) => onPath(name) !== undefined, existsSync);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (onPath("apt-get") === undefined) {
    throw new UserError(`real nodes need ${missing.join(", ")}: install them. ${WITHOUT}`);
  }
  say(`installing ${missing.join(", ")} with apt-get, once`);
  try {
    await run("apt-get", "update", "-qq");
    await run("apt-get", "install", "-y", "-qq", "--no-install-recommends", ...missing);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n").at(-1) : String(error);
    throw new UserError(`"${command}" failed (${reason}): real nodes need it. ${WITHOUT}`);
  }
}
