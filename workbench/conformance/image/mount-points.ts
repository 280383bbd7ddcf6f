import { existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DATA, SCRATCH } from "../../../components/engine/pod";
import { MARKET_MAP_PATH } from "./launch";
import { UnusableImage } from "./program";

const FOLDERS = ["/proc", "/dev", DATA.mountPath, SCRATCH.mountPath, dirname(MARKET_MAP_PATH)] as const;

/** Makes in an unpacked image what is mounted over later, as a container runtime does. */
export function makeMountPoints(root: string): void {
  for (const path of [...FOLDERS, MARKET_MAP_PATH]) requireNoLink(root, path);
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  const map = join(root, MARKET_MAP_PATH);
  if (!existsSync(map)) writeFileSync(map, "");
}

// A link could lead out of the folder: to this machine's own files.
function requireNoLink(root: string, path: string): void {
  const parts = path.split("/").filter((part) => part !== "");
  for (const [index] of parts.entries()) {
    const place = parts.slice(0, index + 1).join("/");
    if (lstatSync(join(root, place), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      throw new UnusableImage(`its /${place} is a link, and the pod has a mount there`);
    }
  }
}
