import { createHash } from "node:crypto";
import { tar } from "./tar";

/** What a container is started with. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** `uid:gid`. @default root */
  readonly user?: string;
  readonly workingDirectory?: string;
}

export interface ImageSpec {
  /** Layers as tar archives, the lowest first. */
  readonly layers: readonly Buffer[];
  readonly config: ImageConfig;
  /** Name under which a container runtime keeps it, from the digest of its manifest. */
  readonly reference: (digest: string) => string;
}

export interface Image {
  /** The whole image as one archive in OCI layout, as `ctr images import` reads it. */
  readonly archive: Buffer;
  /** `sha256:…` of the manifest: what a pod names. */
  readonly digest: string;
  readonly reference: string;
}

const MEDIA = "application/vnd.oci.image";
const LAYER = `${MEDIA}.layer.v1.tar`;
const CONFIG = `${MEDIA}.config.v1+json`;
const MANIFEST = `${MEDIA}.manifest.v1+json`;

/**
 * Puts an image together. Nothing in it depends on time or place, so the same layers always have the same digest.
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
 */
export function image({ layers, config, reference }: ImageSpec): Image {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, data: Buffer): Descriptor => {
    const descriptor = descriptorOf(mediaType, data);
    blobs.set(descriptor.digest, data);
    return descriptor;
  };
  const descriptors = layers.map((layer) => add(LAYER, layer));
  add(CONFIG, configFile(config, descriptors));
  const manifest = add(MANIFEST, manifestFile(config, descriptors));
  const name = reference(manifest.digest);
  const index = json({
    schemaVersion: 2,
    mediaType: `${MEDIA}.index.v1+json`,
    manifests: [{ ...manifest, annotations: { "io.containerd.image.name": name } }],
  });
  const file = (path: string, data: Buffer) => ({ kind: "file", path, mode: 0o644, data }) as const;
  const archive = tar([
    file("oci-layout", json({ imageLayoutVersion: "1.0.0" })),
    file("index.json", index),
    ...[...blobs].map(([digest, data]) => file(`blobs/${digest.replace(":", "/")}`, data)),
  ]);
  return { archive, digest: manifest.digest, reference: name };
}

/** The digest of an image of these layers: all that is needed of a layer is its own. */
export function imageDigest(config: ImageConfig, layers: readonly Descriptor[]): string {
  return descriptorOf(MANIFEST, manifestFile(config, layers)).digest;
}

/** What a manifest says of a layer. */
export function layerDescriptor(layer: Buffer): Descriptor {
  return descriptorOf(LAYER, layer);
}

/** A layer whose digest is known. */
export function knownLayer(digest: string, size: number): Descriptor {
  return { mediaType: LAYER, digest, size };
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

function descriptorOf(mediaType: string, data: Buffer): Descriptor {
  return { mediaType, digest: sha256(data), size: data.length };
}

function manifestFile(config: ImageConfig, layers: readonly Descriptor[]): Buffer {
  return json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptorOf(CONFIG, configFile(config, layers)),
    layers,
  });
}

function configFile(config: ImageConfig, layers: readonly Descriptor[]): Buffer {
  const { entrypoint, environment = {}, user, workingDirectory } = config;
  return json({
    architecture: "amd64",
    os: "linux",
    config: {
      Entrypoint: entrypoint,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...(user !== undefined && { User: user }),
      ...(workingDirectory !== undefined && { WorkingDir: workingDirectory }),
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  });
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sha256(data: Buffer): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}
