import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { version as nodeVersion } from "node/package.json";
import { version as compilerVersion } from "typescript";
import { UserError } from "../offline/errors";
import { cacheFolder, REPOSITORY } from "../offline/paths";
import { NODE_BASE, NODE_LIBRARIES, SYSTEM_FILES } from "./base";
import { type DebianPackage, debianFiles } from "./debian";
import { type ImageConfig, image, imageDigest, knownLayer, layerDescriptor } from "./oci";
import { compiled, sources } from "./program";
import { type TarEntry, tar } from "./tar";

/** What one image is made of. */
export interface Recipe {
  /** Repository of the image; it exists in no registry. */
  readonly repository: string;
  /** Folders of TypeScript, relative to the repository's root. */
  readonly programs: readonly string[];
  readonly packages: readonly DebianPackage[];
  readonly files: readonly TarEntry[];
  /** Files of this image alone, in a layer above the programs. */
  readonly settings?: readonly TarEntry[];
  readonly config: ImageConfig;
  /** Digest and size of the layer of `files` and `packages`, so that the image's digest is known without them. */
  readonly base?: { readonly digest: string; readonly size: number };
}

export interface BuiltImage {
  /** Archive in OCI layout: what `ctr images import` reads. */
  readonly file: string;
  readonly digest: string;
  /** `repository@digest`, as a pod names it. */
  readonly reference: string;
}

const NODE = "usr/local/bin/node";

/** The reference engine, with the exchange simulator and the risk client beside it. */
export const ENGINE: Recipe = {
  repository: "registry.example.com/trading/engine",
  programs: ["examples/engine"],
  packages: NODE_LIBRARIES,
  files: SYSTEM_FILES,
  config: {
    entrypoint: [`/${NODE}`, "/app/examples/engine/main.js"],
    environment: { NODE_ENV: "production" },
    user: "10001:10001",
    workingDirectory: "/",
  },
  base: NODE_BASE,
};

/**
 * The name of a recipe's image, from the digest of its base layer instead of the Debian packages in it: also where
 * Debian's mirror has moved on to newer ones.
 */
export function expectedReference(recipe: Recipe = ENGINE): string {
  const { repository, programs, config, base } = recipe;
  if (base === undefined) throw new Error(`the base layer of ${repository} is not pinned`);
  const upper = upperLayers(recipe, sources(programs));
  const layers = [knownLayer(base.digest, base.size), ...upper.map(layerDescriptor)];
  return `${repository}@${imageDigest(config, layers)}`;
}

/**
 * An image from the repository's own files, the Node of package.json and pinned Debian packages: the same digest on
 * every machine. Kept in the cache folder until one of them changes.
 * @throws UserError when a Debian package cannot be had
 */
export async function builtImage(say: (line: string) => void, recipe: Recipe = ENGINE): Promise<BuiltImage> {
  const files = sources(recipe.programs);
  const folder = join(cacheFolder(), "images", fingerprint(recipe, files));
  const file = join(folder, "image.tar");
  const digestFile = join(folder, "digest");
  if (existsSync(digestFile)) {
    const digest = readFileSync(digestFile, "utf8");
    return { file, digest, reference: `${recipe.repository}@${digest}` };
  }
  say(`building the image ${recipe.repository}`);
  const { archive, digest, reference } = image({
    layers: [await baseLayer(recipe, say), ...upperLayers(recipe, files)],
    config: recipe.config,
    reference: (value) => `${recipe.repository}@${value}`,
  });
  mkdirSync(folder, { recursive: true });
  write(file, archive);
  // Last: an archive without it is one that was not finished.
  write(digestFile, digest);
  return { file, digest, reference };
}

async function baseLayer({ files, packages, base }: Recipe, say: (line: string) => void): Promise<Buffer> {
  const layer = tar([...files, ...(await debianFiles(packages, say))]);
  const { digest, size } = layerDescriptor(layer);
  if (base !== undefined && base.digest !== digest) {
    throw new UserError(
      `the base layer has the digest ${digest} and ${size} bytes, not ${base.digest}: write the new ones into workbench/image/base.ts, then run npm run image -- write.`,
    );
  }
  return layer;
}

function upperLayers({ settings }: Recipe, files: readonly string[]): Buffer[] {
  return [nodeLayer(), tar(compiled(files)), ...(settings === undefined ? [] : [tar(settings)])];
}

function nodeLayer(): Buffer {
  return tar([{ kind: "file", path: NODE, mode: 0o755, data: readFileSync(nodeBinary()) }]);
}

function fingerprint(recipe: Recipe, files: readonly string[]): string {
  const { programs, packages, files: extra, settings, config, repository } = recipe;
  const hash = createHash("sha256");
  const builder = ["tar.ts", "oci.ts", "program.ts", "engine-image.ts"].map((name) => join(__dirname, name));
  for (const path of [...files.map((name) => join(REPOSITORY, name)), ...builder]) {
    hash.update(`${path.slice(REPOSITORY.length)}\0`).update(readFileSync(path));
  }
  const { size } = statSync(nodeBinary());
  hash.update(
    JSON.stringify({
      ...{ programs, packages, extra, settings, config, repository },
      ...{ nodeVersion, compilerVersion, size },
    }),
  );
  return hash.digest("hex").slice(0, 24);
}

// The package's own binary, not the one that runs this: that may be another version.
function nodeBinary(): string {
  return join(REPOSITORY, "node_modules", "node", "bin", "node");
}

function write(file: string, data: Buffer | string): void {
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, data);
  renameSync(part, file);
}
