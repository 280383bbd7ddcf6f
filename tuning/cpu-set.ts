/**
 * Sets of CPUs in the kernel's list format, for example `0,4` or `1-3,5-7`.
 *
 * @see https://docs.kernel.org/admin-guide/cputopology.html
 */
import type { CpuList } from "./types";

/** Above this the text is a typing error: Linux for x86_64 and arm64 is built for at most 8192 CPUs. */
const LARGEST_CPU = 8191;
const RANGE = /^([0-9]+)(?:-([0-9]+))?$/;

/** A text that is not a Linux CPU list. */
export class CpuListError extends Error {
  override readonly name = "CpuListError";
}

/**
 * The CPUs of a list, ascending and without repetition; the empty text is the empty set.
 *
 * @throws CpuListError when the text is not a CPU list.
 */
export function parseCpuList(list: CpuList): number[] {
  const text = list.trim();
  if (text === "") return [];
  return normalize(text.split(",").flatMap((range) => parseRange(range.trim(), list)));
}

/** The shortest list that names exactly these CPUs: `[1, 2, 3, 5]` becomes `1-3,5`. */
export function formatCpuList(cpus: Iterable<number>): CpuList {
  const ranges: [first: number, last: number][] = [];
  for (const cpu of normalize(cpus)) {
    const open = ranges.at(-1);
    if (open !== undefined && open[1] === cpu - 1) open[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** CPUs that are in at least one of the lists. */
export function unionCpuLists(...lists: readonly CpuList[]): CpuList {
  return formatCpuList(lists.flatMap(parseCpuList));
}

/** CPUs of `all` that are not in `list`. */
export function complementCpuList(all: CpuList, list: CpuList): CpuList {
  const removed = new Set(parseCpuList(list));
  return formatCpuList(parseCpuList(all).filter((cpu) => !removed.has(cpu)));
}

/** CPUs that are in both lists. */
export function intersectCpuLists(left: CpuList, right: CpuList): CpuList {
  const kept = new Set(parseCpuList(right));
  return formatCpuList(parseCpuList(left).filter((cpu) => kept.has(cpu)));
}

/** How many CPUs the list names. */
export function cpuListSize(list: CpuList): number {
  return parseCpuList(list).length;
}

function parseRange(range: string, list: CpuList): number[] {
  const [, from, to] = RANGE.exec(range) ?? [];
  if (from === undefined) {
    throw new CpuListError(
      `"${list}" is not a CPU list: "${range}" is neither a number nor a range such as 2-5`,
    );
  }
  const first = Number(from);
  const last = to === undefined ? first : Number(to);
  if (last < first) {
    throw new CpuListError(`"${list}" is not a CPU list: the range ${range} runs backwards`);
  }
  if (last > LARGEST_CPU) {
    throw new CpuListError(`"${list}" is not a CPU list: CPU ${last} is above ${LARGEST_CPU}`);
  }
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}

function normalize(cpus: Iterable<number>): number[] {
  const unique = [...new Set(cpus)].sort((a, b) => a - b);
  const wrong = unique.find((cpu) => !Number.isInteger(cpu) || cpu < 0);
  if (wrong !== undefined) throw new CpuListError(`${wrong} is not a CPU number`);
  return unique;
}
