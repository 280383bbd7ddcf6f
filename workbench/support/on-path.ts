import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first executable of that name on PATH. */
export function onPath(name: string, path = process.env.PATH ?? ""): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((candidate) => existsSync(candidate));
}
