import { execFile } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Program, until } from "../process";
import { removeFolder, temporaryFolder } from "../temporary";
import { makeMountPoints } from "./mount-points";
import {
  chainId,
  configOf,
  type Descriptor,
  type ImageProgram,
  imagesOf,
  isIndex,
  layersOf,
  programOf,
  UnusableImage,
} from "./program";

const execute = promisify(execFile);

const START_MILLISECONDS = 20_000;
const INDEX = "conformance";
/** Copies layers instead of mounting them over each other: what is left is a plain folder. */
const SNAPSHOTTER = "native";

/** An image in a folder. */
export interface UnpackedImage {
  readonly root: string;
  readonly program: ImageProgram;
}

/**
 * Unpacks an image's layers into a temporary folder. containerd does it, which lives only as long: it knows both kinds
 * of archive, every compression and whiteouts, checks digests, and does not follow a layer's links out of the folder.
 * @throws UnusableImage
 */
export async function unpackImage(archive: string): Promise<UnpackedImage> {
  const folder = temporaryFolder("conformance-image-");
  const store = join(folder, "store");
  const root = join(folder, "root");
  const containerd = await Containerd.start(store);
  try {
    const { manifest, config, program } = await containerd.read(archive);
    renameSync(await containerd.unpack(manifest, layersOf(config)), root);
    makeMountPoints(root);
    return { root, program };
  } finally {
    await containerd.stop();
    removeFolder(store);
  }
}

interface Contents {
  readonly manifest: Descriptor;
  readonly config: unknown;
  readonly program: ImageProgram;
}

/** A containerd of our own, with its mounts in a namespace that goes with it. */
class Containerd {
  readonly #program: Program;
  readonly #socket: string;

  private constructor(program: Program, socket: string) {
    this.#program = program;
    this.#socket = socket;
  }

  static async start(folder: string): Promise<Containerd> {
    mkdirSync(folder, { recursive: true });
    const socket = join(folder, "sock");
    const file = join(folder, "config.toml");
    writeFileSync(file, configFile(folder, socket));
    const program = new Program(
      ["unshare", "--mount", "--propagation", "private", "containerd", "--config", file],
      {},
    );
    const containerd = new Containerd(program, socket);
    await until("containerd", START_MILLISECONDS, async () => {
      if (program.exit !== undefined) throw new Error(`containerd ended: ${program.lastLine()}`);
      return await containerd.#ctr("version").then(
        () => true,
        () => false,
      );
    });
    return containerd;
  }

  async read(archive: string): Promise<Contents> {
    await this.#import(archive);
    const list = await this.#ctr("images", "list", `name==${INDEX}`);
    const digest = /sha256:[0-9a-f]{64}/.exec(list)?.[0];
    if (digest === undefined) throw new UnusableImage("it holds no image");
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const images = await this.#manifests(digest, architecture);
    // One image with two names is in the list twice.
    const [manifest, ...more] = [...new Map(images.map((each) => [each.digest, each])).values()];
    if (manifest === undefined) throw new UnusableImage(`it holds no image for linux/${architecture}`);
    if (more.length > 0) throw new UnusableImage(`it holds ${1 + more.length} images; save one alone`);
    const config = await this.#blob(configOf(await this.#blob(manifest.digest)).digest);
    return { manifest, config, program: programOf(config, architecture) };
  }

  /** Folder of all layers one over the other. */
  async unpack({ digest }: Descriptor, layers: readonly string[]): Promise<string> {
    await this.#ctr("snapshots", "unpack", digest);
    const top = chainId(layers);
    const mount = await this.#ctr("snapshots", "prepare", "--target", "/", "engine", top);
    const source = /^mount -t bind (.+) \/ -o/m.exec(mount)?.[1];
    if (source === undefined) throw new Error(`containerd says "${mount.trim()}" instead of a folder`);
    return source;
  }

  async stop(): Promise<void> {
    await this.#program.kill();
  }

  async #import(archive: string): Promise<void> {
    try {
      await this.#ctr("images", "import", "--all-platforms", "--no-unpack", "--index-name", INDEX, archive);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UnusableImage(`it is neither an OCI layout nor what docker save writes (${reason})`);
    }
  }

  // A list may hold lists: one for each platform, with the builder's attestations beside it.
  async #manifests(digest: string, architecture: string): Promise<Descriptor[]> {
    const found: Descriptor[] = [];
    for (const each of imagesOf(await this.#blob(digest), architecture)) {
      const isList = isIndex(await this.#blob(each.digest));
      found.push(...(isList ? await this.#manifests(each.digest, architecture) : [each]));
    }
    return found;
  }

  async #blob(digest: string): Promise<unknown> {
    return JSON.parse(await this.#ctr("content", "get", digest));
  }

  async #ctr(...args: readonly string[]): Promise<string> {
    try {
      const { stdout } = await execute("ctr", ["--address", this.#socket, ...args], {
        maxBuffer: 64 * 2 ** 20,
        env: { ...process.env, CONTAINERD_SNAPSHOTTER: SNAPSHOTTER },
      });
      return stdout;
    } catch (error) {
      const said = typeof error === "object" && error !== null && "stderr" in error ? error.stderr : error;
      throw new Error(
        String(said)
          .trim()
          .split("\n")
          .at(-1)
          ?.replace(/^ctr: /, ""),
      );
    }
  }
}

function configFile(folder: string, socket: string): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/run"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.grpc.v1.cri"]
[grpc]
  address = "${socket}"
`;
}
