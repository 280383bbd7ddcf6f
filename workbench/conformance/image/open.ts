import { statSync } from "node:fs";
import { UID } from "../../../components/engine/pod";
import { installMissing, missingPackages } from "../../lab/real/runtime";
import { UserError } from "../../offline/errors";
import { onPath } from "../../support/on-path";
import type { Launch } from "../bench";
import { imageLaunch } from "./launch";
import { type ImageProgram, UnusableImage } from "./program";
import { unpackImage } from "./unpack";

const PROGRAMS = {
  containerd: "containerd",
  ctr: "containerd",
  unshare: "util-linux",
  setpriv: "util-linux",
  mount: "mount",
  env: "coreutils",
} as const;
const WITHOUT = "The engine's start command can be checked without it.";

/** Makes an image's archive something that a bench can start. */
export async function openImage(archive: string, say: (line: string) => void): Promise<Launch> {
  requireFile(archive);
  const reason = obstacle();
  if (reason !== undefined) throw new UserError(`${reason}. ${WITHOUT}`);
  const missing = missingPackages(PROGRAMS, (name) => onPath(name) !== undefined);
  await installMissing(missing, { who: "an image", without: WITHOUT }, say);
  try {
    const { root, program } = await unpackImage(archive);
    say(inWords(archive, program));
    return imageLaunch(program, root, {
      env: place("env"),
      setpriv: place("setpriv"),
      unshare: place("unshare"),
    });
  } catch (error) {
    if (!(error instanceof UnusableImage)) throw error;
    throw new UserError(`${archive} is no image that can be started: ${error.message}.`);
  }
}

/** Why this machine or this user cannot start an image, or undefined. */
export function obstacle(platform = process.platform, user = process.getuid?.()): string | undefined {
  if (platform !== "linux") return "an image needs Linux";
  return user === 0 ? undefined : "an image needs root: it is started in mounts of its own";
}

function requireFile(archive: string): void {
  const stat = statSync(archive, { throwIfNoEntry: false });
  if (stat === undefined) throw new UserError(`there is no file ${archive}: name the image's archive.`);
  if (!stat.isFile()) {
    throw new UserError(
      `${archive} is not a file: pack an OCI layout with tar -cf image.tar -C ${archive} .`,
    );
  }
}

function place(name: keyof typeof PROGRAMS): string {
  return onPath(name) ?? name;
}

function inWords(archive: string, { command, user }: ImageProgram): string {
  const own = user === "" ? "root" : user;
  const differs = ![`${UID}`, `${UID}:${UID}`].includes(own);
  return `${archive}: starts ${command.join(" ")} as user ${UID}${differs ? `, as the stack's pods do, though the image says ${own}` : ""}`;
}
