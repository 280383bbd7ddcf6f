import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Folders that are there only while the program runs. */
const folders = new Set<string>();

/** A folder of its own, removed by {@link removeFolder}, or at the latest when the program ends. */
export function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  // A process that was killed a moment ago may still have made a file.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  folders.delete(folder);
}

/** For the end of the program, after every process has been ended. */
export function removeFolders(): void {
  for (const folder of folders) removeFolder(folder);
}
