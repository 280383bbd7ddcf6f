import { readFileSync } from "node:fs";
import { tryRun } from "./run";

/** Mount points at or below a folder, the deepest first. */
export function mountsBelow(folder: string, mountinfo: string): string[] {
  const points = mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4])
    .filter((point) => point !== undefined)
    // The kernel writes what would break its columns as octal numbers.
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
    );
  return points.filter((point) => point === folder || point.startsWith(`${folder}/`)).reverse();
}

/** Whether anything is mounted at or below a folder: then nothing in it may be removed. */
export function containsMount(folder: string): boolean {
  return mountPointsBelow(folder).length > 0;
}

/** Unmounts all that is mounted at or below a folder. */
export async function unmountBelow(folder: string): Promise<void> {
  // A mount can lie on another one at the same place.
  for (let round = 0; round < 5; round += 1) {
    const points = mountPointsBelow(folder);
    if (points.length === 0) return;
    for (const point of points) await tryRun("umount", "--lazy", point);
  }
  throw new Error(`${mountPointsBelow(folder).join(", ")} cannot be unmounted`);
}

/** What is mounted at or below a folder now, the deepest first. */
export function mountPointsBelow(folder: string): string[] {
  return mountsBelow(folder, readFileSync("/proc/self/mountinfo", "utf8"));
}
