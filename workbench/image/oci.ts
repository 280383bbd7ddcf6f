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

/**
 * Puts an image together. Nothing in it depends on time or place, so the same layers always have the same digest.
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
 */
export function image({ layers, config, reference }: ImageSpec): Image {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, data: Buffer): Descriptor => {
    const digest = sha256(data);
    blobs.set(digest, data);
    return { mediaType, digest, size: data.length };
  };
  const layerDescriptors = layers.map((layer) => add(`${MEDIA}.layer.v1.tar`, layer));
  const manifest = add(
    `${MEDIA}.manifest.v1+json`,
    json({
      schemaVersion: 2,
      mediaType: `${MEDIA}.manifest.v1+json`,
      config: add(
        `${MEDIA}.config.v1+json`,
        configFile(
          config,
          layerDescriptors.map(({ digest }) => digest),
        ),
      ),
      layers: layerDescriptors,
    }),
  );
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

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

function configFile(config: ImageConfig, layers: readonly string[]): Buffer {
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
    rootfs: { type: "layers", diff_ids: layers },
  });
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sha256(data: Buffer): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}
