import { readdirSync, readFileSync } from "node:fs";
import { readOptional } from "../../../lab/processes";
import { pidsIn } from "../../../lab/real/cgroups";

/** What the kernel has counted of one thread since it began. */
export interface ThreadTimes {
  /** Nanoseconds on a CPU. */
  readonly ran: number;
  /** Nanoseconds that it could have run and had no CPU. */
  readonly waited: number;
}

/** Reads a line of /proc/PID/task/TID/schedstat. */
export function threadTimes(schedstat: string): ThreadTimes {
  const [ran = 0, waited = 0] = schedstat.trim().split(" ").map(Number);
  return { ran, waited };
}

/** Jiffies that the hypervisor kept from each CPU, by its number, from /proc/stat. */
export function stolen(stat: string): ReadonlyMap<number, number> {
  const lines = stat.split("\n").flatMap((line) => {
    const [, cpu, rest] = /^cpu(\d+) (.*)$/.exec(line) ?? [];
    return cpu === undefined || rest === undefined
      ? []
      : [[Number(cpu), Number(rest.split(" ")[7] ?? 0)] as const];
  });
  return new Map(lines);
}

/** Nanoseconds that each CPU has spent on a cgroup and all below it, from its cpuacct.usage_percpu. */
export function cpuUsage(percpu: string): number[] {
  return percpu
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map(Number);
}

/** Nanoseconds that CPUs spent on anything but a node's pods; the first CPU is the lab's own and does not count. */
export function elsewhere(machine: readonly number[], pods: readonly number[]): number {
  return machine.reduce((sum, spent, cpu) => (cpu === 0 ? sum : sum + spent - (pods[cpu] ?? 0)), 0);
}

/** CPUs of a list as the kernel writes it: "0-1,3". */
export function cpuList(text: string): number[] {
  return text
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split("-").map(Number);
      return Number.isNaN(first) ? [] : Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** A value of /proc/PID/status. */
export function statusField(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1];
}

/** Host process of a pod's program, below a cgroup. */
export function processOf(scope: string, program: string): number | undefined {
  return pidsIn(scope).find((pid) =>
    (readOptional(`/proc/${pid}/cmdline`) ?? "").split("\0").some((word) => word.endsWith(program)),
  );
}

/** The thread of a process that has run longest: the one that polls. */
export function busiestThread(pid: number): string {
  const threads = readdirSync(`/proc/${pid}/task`).map((name) => `/proc/${pid}/task/${name}`);
  const ran = (path: string): number => threadTimes(readOptional(`${path}/schedstat`) ?? "").ran;
  const [busiest] = threads.sort((a, b) => ran(b) - ran(a));
  if (busiest === undefined) throw new Error(`process ${pid} has no thread`);
  return busiest;
}

export function readTimes(thread: string): ThreadTimes {
  return threadTimes(readFileSync(`${thread}/schedstat`, "utf8"));
}

/** See {@link elsewhere}, as of now, for the node with this cgroup. */
export function readElsewhere(scope: string): number {
  const usage = (group: string): number[] =>
    cpuUsage(readFileSync(`/sys/fs/cgroup/cpuacct/${group}cpuacct.usage_percpu`, "utf8"));
  return elsewhere(usage(""), usage(`${scope}/`));
}
