import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Each real node has a cgroup of its own in every hierarchy of version 1, below which its kubelet makes those of the
 * pods: so whatever runs on a node can be found, and ended, without asking the node.
 */
const ROOT = "/sys/fs/cgroup";
const INHERITED = ["cpuset.cpus", "cpuset.mems"] as const;

/** The hierarchies of this machine, that of version 2 among them where runc uses it too. */
export function hierarchies(): string[] {
  return readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, "cgroup.procs")));
}

/** Makes a node's cgroup in every hierarchy. */
export function makeCgroup(scope: string): void {
  for (const hierarchy of hierarchies()) {
    const folder = join(ROOT, hierarchy, scope);
    mkdirSync(folder, { recursive: true });
    if (hierarchy !== "cpuset") continue;
    // A new cpuset is empty, and nothing may run in it.
    for (const file of INHERITED) {
      if (readFileSync(join(folder, file), "utf8").trim() === "") {
        writeFileSync(join(folder, file), readFileSync(join(ROOT, hierarchy, file)));
      }
    }
  }
}

/** Processes of a cgroup and of all below it, in any hierarchy. */
export function pidsIn(scope: string): number[] {
  const found = new Set<number>();
  for (const hierarchy of hierarchies()) {
    for (const folder of tree(join(ROOT, hierarchy, scope))) {
      for (const line of readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n")) {
        if (line !== "") found.add(Number(line));
      }
    }
  }
  return [...found];
}

/** Removes a cgroup and all below it. Nothing may run in it any more. */
export function removeCgroup(scope: string): void {
  for (const hierarchy of hierarchies()) {
    for (const folder of tree(join(ROOT, hierarchy, scope)).reverse()) rmdirSync(folder);
  }
}

/** Names of the cgroups that begin with a prefix. */
export function cgroupsLike(prefix: string): string[] {
  const names = hierarchies().flatMap((hierarchy) => readdirSync(join(ROOT, hierarchy)));
  return [...new Set(names.filter((name) => name.startsWith(prefix)))];
}

// Parents before children.
function tree(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.flatMap((entry) => tree(join(folder, entry.name)))];
}
