import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { MARKET_MAP_KEY } from "../../../components/contract";
import { DATA as DATA_MOUNT, MARKETS as MARKETS_MOUNT, SCRATCH, UID } from "../../../components/engine/pod";
import { DATA, type Launch, MARKET_MAP } from "../bench";
import type { ImageProgram } from "./program";

/** Where a pod finds the market map. */
export const MARKET_MAP_PATH = join(MARKETS_MOUNT.mountPath, MARKET_MAP_KEY);

const SCRATCH_FOLDER = "tmp";

/** Variables that name a place: in the image it is where the pod has it. */
const PLACES: Readonly<Record<string, string>> = {
  DATA_DIR: DATA_MOUNT.mountPath,
  MARKETS_FILE: MARKET_MAP_PATH,
  IDENTITY_DIR: SCRATCH.mountPath,
};

/**
 * Mounts what the pod mounts and becomes the engine, in a mount namespace that ends with it. Each step is an `exec`, so
 * that the process which is stopped, traced and killed is the engine's own.
 */
const SCRIPT = `set -e
root=$1; bench=$2; shift 2
mount --bind "$root" "$root"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$bench/${DATA}" "$root${DATA_MOUNT.mountPath}"
mount --bind "$bench/${SCRATCH_FOLDER}" "$root${SCRATCH.mountPath}"
mount --bind "$bench/${MARKET_MAP}" "$root${MARKET_MAP_PATH}"
mount -o remount,bind,ro "$root"
exec "$@"`;

/** Full paths of the programs that start the image: its own PATH leads into it. */
export interface Tools {
  readonly env: string;
  readonly setpriv: string;
  readonly unshare: string;
}

/** Starts an unpacked image as the stack's pods do: their user, a root that is read-only, and their three mounts. */
export function imageLaunch(program: ImageProgram, root: string, tools: Tools): Launch {
  return (environment, bench) => {
    prepareFolders(bench);
    return imageCommand(program, root, tools, environment, bench);
  };
}

/** The command line of {@link imageLaunch}. */
export function imageCommand(
  program: ImageProgram,
  root: string,
  { env, setpriv, unshare }: Tools,
  environment: Readonly<Record<string, string>>,
  bench: string,
): string[] {
  const variables = { ...program.environment, ...environment, ...placesOf(environment, bench) };
  return [
    ...[unshare, "--mount", "--propagation", "private", "/bin/sh", "-c", SCRIPT, "sh", root, bench],
    ...[env, "-i", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)],
    ...[setpriv, "--no-new-privs", unshare, `--root=${root}`, `--wd=${program.workingDirectory}`],
    ...[`--setgid=${UID}`, `--setuid=${UID}`, "--", ...program.command],
  ];
}

function placesOf(environment: Readonly<Record<string, string>>, bench: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(PLACES).filter(([name]) => environment[name]?.startsWith(bench) === true),
  );
}

function prepareFolders(bench: string): void {
  for (const name of [DATA, SCRATCH_FOLDER]) {
    const folder = join(bench, name);
    mkdirSync(folder, { recursive: true });
    chownSync(folder, UID, UID);
  }
  chmodSync(join(bench, MARKET_MAP), 0o644);
}
