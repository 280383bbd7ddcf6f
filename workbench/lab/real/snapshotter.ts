import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NodeFolder } from "./node-folder";
import { tryRun } from "./run";

/** How a node's containerd puts an image's layers together: mounted over each other, or copied. */
export type Snapshotter = "overlayfs" | "native";

/** What is said where layers are copied. */
export const COPIES =
  "this kernel, or the file system of the lab's folder, takes no overlay mounts: every container gets a copy of its image instead, which takes longer and more disk.";

/**
 * Whether overlay mounts work in a folder; found out by making one. A kernel may load overlay only when it is asked for,
 * and a container's own root, itself an overlay, often cannot carry another one.
 */
export async function takesOverlay(folder: string): Promise<boolean> {
  const probe = join(folder, "overlay-probe");
  const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) => join(probe, name));
  for (const place of [lower, upper, work, merged]) mkdirSync(place ?? probe, { recursive: true });
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  try {
    const works = await tryRun("mount", "-t", "overlay", "overlay", "-o", options, merged ?? probe);
    if (works) await tryRun("umount", "--lazy", merged ?? probe);
    return works;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/** The one that a node was configured with. */
export function snapshotterOf({ containerdConfig }: Pick<NodeFolder, "containerdConfig">): Snapshotter {
  return /snapshotter = "native"/.test(readFileSync(containerdConfig, "utf8")) ? "native" : "overlayfs";
}
