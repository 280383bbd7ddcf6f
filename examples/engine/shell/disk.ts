import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that is only appended to. */
export interface AppendFile {
  append(bytes: Buffer): Promise<void>;
  /** Resolves when everything appended is on the device. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What the log needs of a disk; tests put one underneath that fills up, fails and loses power. */
export interface Disk {
  read(path: string): Promise<Buffer | undefined>;
  /** Opens for appending; a file that was not there, is there after a power cut too. */
  openAppend(path: string): Promise<AppendFile>;
  /** The new content or the old, also after a power cut, and never a mixture. */
  replace(path: string, bytes: Buffer): Promise<void>;
}

/** The machine's own file system. */
export const nodeDisk: Disk = {
  async read(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
  },
  async openAppend(path) {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, "a");
    await syncDirectory(dirname(path));
    return appendFile(file);
  },
  async replace(path, bytes) {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(`${path}.tmp`, "w");
    try {
      await writeAll(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.tmp`, path);
    await syncDirectory(dirname(path));
  },
};

function appendFile(file: FileHandle): AppendFile {
  return {
    append: (bytes) => writeAll(file, bytes),
    sync: () => file.datasync(),
    truncate: (bytes) => file.truncate(bytes),
    close: () => file.close(),
  };
}

/** A full volume takes a part of the bytes without an error: the error comes with the rest. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done);
    if (bytesWritten === 0) throw new Error("the disk takes no more bytes");
    done += bytesWritten;
  }
}

/** A file's name is in its directory, and the directory has a cache of its own. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
