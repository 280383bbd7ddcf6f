import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fields, number, parseJson, text } from "../core/json";
import type { LeaseRecord } from "../core/lease-rule";
import type { LeaseStore, StoredLease } from "./lease-store";

/**
 * A lease in a directory, for engines on one machine without Kubernetes. Each write makes the file of the next version
 * by link(2), which fails if the name is taken: of two writers of one version exactly one succeeds.
 */
export function fileLease(directory: string, name: string): LeaseStore {
  const path = (version: number) => join(directory, `${name}.${version}`);

  async function latest(): Promise<number | undefined> {
    const names = await readdir(directory).catch(() => []);
    const versions = names
      .filter((file) => file.startsWith(`${name}.`))
      .map((file) => Number(file.slice(name.length + 1)))
      .filter(Number.isInteger);
    return versions.length === 0 ? undefined : Math.max(...versions);
  }

  async function read(): Promise<StoredLease | undefined> {
    const version = await latest();
    if (version === undefined) return undefined;
    const from = fields(parseJson(await readFile(path(version), "utf8")), "the lease");
    const record = {
      holder: text(from, "holder"),
      generation: number(from, "generation"),
      durationMs: number(from, "durationMs"),
    };
    return { record, version: String(version) };
  }

  async function write(record: LeaseRecord, version: string | undefined): Promise<StoredLease | undefined> {
    await mkdir(directory, { recursive: true });
    const next = Number(version ?? 0) + 1;
    const draft = join(directory, `.${randomUUID()}`);
    await writeFile(draft, JSON.stringify(record), { flush: true });
    try {
      await link(draft, path(next));
    } catch {
      return undefined;
    } finally {
      await rm(draft, { force: true });
    }
    // A writer that slept may have made a version that was cleaned away long ago: the newest alone counts.
    if ((await latest()) !== next) return undefined;
    await rm(path(next - 2), { force: true });
    return { record, version: String(next) };
  }

  return { read, write };
}
