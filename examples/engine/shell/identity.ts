import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../core/settings";

/**
 * The name under which this engine holds its lease. The pod's name is not enough: a pod on a lost node may live on
 * beside its successor of the same name. An emptyDir is as old as the pod: there a container that was restarted finds
 * its own name again and need not wait for its own lease to end.
 */
export function identity({ podName, identityDir }: Pick<Settings, "podName" | "identityDir">): string {
  if (identityDir === undefined) return processIdentity(podName);
  const path = join(identityDir, `${podName}.identity`);
  try {
    writeFileSync(path, `${podName}/${randomUUID()}`, { flag: "wx", flush: true });
  } catch {
    // It is there already, or cannot be written; the read below tells which.
  }
  try {
    const found = readFileSync(path, "utf8");
    return found.startsWith(`${podName}/`) ? found : processIdentity(podName);
  } catch {
    return processIdentity(podName);
  }
}

const ONCE = randomUUID();

function processIdentity(podName: string): string {
  return `${podName}/${ONCE}`;
}
