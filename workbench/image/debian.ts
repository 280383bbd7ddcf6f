import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../offline/errors";
import { cacheFolder } from "../offline/paths";
import { onPath } from "../support/on-path";
import type { TarEntry } from "./tar";

const run = promisify(execFile);

/** A Debian package at one version, and the files of it that an image takes. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the package file. */
  readonly sha256: string;
  /** Where each file lies in the image → where in the package. */
  readonly files: Readonly<Record<string, string>>;
}

/** Files of Debian packages, from the mirror that apt uses; the same bytes on every machine, or an error. */
export async function debianFiles(
  packages: readonly DebianPackage[],
  say: (line: string) => void,
): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  for (const each of packages) {
    const archive = await packageFile(each, say);
    const folder = mkdtempSync(join(tmpdir(), "debian-"));
    try {
      await run("dpkg-deb", ["--extract", archive, folder]);
      for (const [path, source] of Object.entries(each.files)) {
        entries.push({ kind: "file", path, mode: 0o755, data: readFileSync(join(folder, source)) });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return entries;
}

async function packageFile(each: DebianPackage, say: (line: string) => void): Promise<string> {
  const { name, version, sha256 } = each;
  const folder = join(cacheFolder(), "debian");
  const file = join(folder, `${sha256}.deb`);
  if (existsSync(file)) return file;
  for (const program of ["apt-get", "dpkg-deb"]) {
    if (onPath(program) === undefined) {
      throw new UserError(
        `${program} is not on PATH: the image takes ${name} from Debian. Build it on Debian or Ubuntu with Debian's mirror.`,
      );
    }
  }
  say(`downloading ${name} ${version} from Debian`);
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(tmpdir(), "debian-"));
  // apt downloads as a user of its own.
  chmodSync(temporary, 0o777);
  try {
    await download(temporary, each);
    const [found] = readdirSync(temporary).filter((entry) => entry.endsWith(".deb"));
    if (found === undefined) throw new UserError(`apt-get downloaded no ${name} ${version}.`);
    const data = readFileSync(join(temporary, found));
    const seen = createHash("sha256").update(data).digest("hex");
    if (seen !== sha256) {
      throw new UserError(
        `${name} ${version} has the checksum ${seen}, not ${sha256}: it is not the package that was pinned.`,
      );
    }
    keep(join(temporary, found), file);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return file;
}

async function download(folder: string, { name, version }: DebianPackage): Promise<void> {
  const attempt = async (): Promise<void> => {
    await run("apt-get", ["download", "-qq", `${name}=${version}`], { cwd: folder });
  };
  try {
    await attempt();
  } catch {
    // A fresh container has no lists yet.
    await run("apt-get", ["update", "-qq"]).catch(() => undefined);
    await attempt().catch(() => {
      throw new UserError(
        `apt-get cannot download ${name} ${version}: Debian offers another version now, or apt's lists are not Debian 12's. ` +
          "Pin the new one in workbench/image/base.ts, then run: npm run image -- write.",
      );
    });
  }
}

function keep(from: string, to: string): void {
  const part = `${to}.${process.pid}.part`;
  copyFileSync(from, part);
  renameSync(part, to);
}
