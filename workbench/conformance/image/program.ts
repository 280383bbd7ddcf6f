import { createHash } from "node:crypto";
import { z } from "zod";

/** What an image's own configuration says of its start. */
export interface ImageProgram {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** As it is written there; empty means root. */
  readonly user: string;
}

/** The parts of a blob that others refer to. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
}

/** An archive that holds no image that this machine could start; the message says why. */
export class UnusableImage extends Error {}

const descriptorSchema = z.object({
  mediaType: z.string().default(""),
  digest: z.string(),
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
});
const indexSchema = z.object({ manifests: z.array(descriptorSchema) });
const manifestSchema = z.object({ config: descriptorSchema, layers: z.array(descriptorSchema) });
const configSchema = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z
    .object({
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
      WorkingDir: z.string().nullish(),
      User: z.string().nullish(),
    })
    .nullish(),
  rootfs: z.object({ diff_ids: z.array(z.string()) }),
});

/** The images of an index that are for a platform, or for none in particular. */
export function imagesOf(index: unknown, architecture: string): Descriptor[] {
  return indexSchema
    .parse(index)
    .manifests.filter(
      ({ platform }) =>
        platform === undefined || (platform.os === "linux" && platform.architecture === architecture),
    );
}

/** Whether a blob is itself a list of images. */
export function isIndex(value: unknown): boolean {
  return indexSchema.safeParse(value).success;
}

export function configOf(manifest: unknown): Descriptor {
  return manifestSchema.parse(manifest).config;
}

/**
 * How an image is to be started.
 * @param architecture of this machine, in the words of images: amd64, arm64
 * @throws UnusableImage
 */
export function programOf(config: unknown, architecture: string): ImageProgram {
  const { os, architecture: own, config: start } = configSchema.parse(config);
  if (os !== "linux" || own !== architecture) {
    throw new UnusableImage(`it is for ${os}/${own}, and this machine is linux/${architecture}`);
  }
  const [first, ...rest] = [...(start?.Entrypoint ?? []), ...(start?.Cmd ?? [])];
  if (first === undefined) {
    throw new UnusableImage("it names neither an entrypoint nor a command, so there is nothing to start");
  }
  return {
    command: [first, ...rest],
    environment: Object.fromEntries((start?.Env ?? []).map(variable)),
    workingDirectory: start?.WorkingDir || "/",
    user: start?.User ?? "",
  };
}

/** The layers' own names, the lowest first. */
export function layersOf(config: unknown): readonly string[] {
  return configSchema.parse(config).rootfs.diff_ids;
}

/**
 * Name of what layers are together, one over the other.
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md#layer-chainid
 */
export function chainId(layers: readonly string[]): string {
  return layers.reduce((below, layer) =>
    below === "" ? layer : `sha256:${createHash("sha256").update(`${below} ${layer}`).digest("hex")}`,
  );
}

function variable(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
