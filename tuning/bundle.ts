/**
 * The scripts that run on a node, in one text and compressed. The compressed form is kept in the repository: zlib's
 * output differs between processors and releases, and a user data that differs replaces every node.
 */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

const FOLDER = join(__dirname, "node", "bundle");

/** Where the compressed bundle is kept: gzip, then base64, one line. */
export const BUNDLE_PATH = join(__dirname, "node", "bundle.base64");

/** The compressed bundle as it is kept. */
export function readBundle(): string {
  return readFileSync(BUNDLE_PATH, "utf8").trim();
}

/**
 * The bundle's text: a line `=== NAME` before each file. Comments and indentation stay in the repository; files of one
 * language stand together, since like compresses like.
 */
export function bundleText(): string {
  const place = (name: string) => `${extname(name)} ${name}`;
  return readdirSync(FOLDER)
    .sort((left, right) => (place(left) < place(right) ? -1 : 1))
    .map((name) => `=== ${name}\n${withoutComments(readFileSync(join(FOLDER, name), "utf8"))}`)
    .join("");
}

/** A line that ends in a backslash or lies in quotes is code too, so only whole lines go. */
function withoutComments(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^#(?!!)/.test(line))
    .map((line) => `${line}\n`)
    .join("");
}
