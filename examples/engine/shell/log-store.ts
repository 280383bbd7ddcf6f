import { join } from "node:path";
import {
  apply,
  type Book,
  bookFromJson,
  bookToJson,
  EMPTY_BOOK,
  type LogRecord,
  readRecord,
} from "../core/book";
import { fields, list, number, parseJson, reason } from "../core/json";
import { Refusal } from "../core/settings";
import { decodeLog, encodeFrame } from "../core/wal-codec";
import type { AppendFile, Disk } from "./disk";
import type { Say } from "./say";

export const LOG_FILE = "orders.wal";
export const SNAPSHOT_FILE = "snapshot";

interface Waiting {
  readonly records: readonly LogRecord[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface LogOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly say: Say;
  /** Size of the log at which a snapshot replaces it. */
  readonly snapshotBytes: number;
  /** Looked at immediately before each write: after its term the log is another's. */
  readonly mayWrite: () => boolean;
}

/**
 * The write-ahead log, and the book that it adds up to. `append` resolves when the records are on the device and in
 * the book. Whatever waits is written together: one frame, one fsync. After one failure nothing is accepted again:
 * a second fsync would report success for pages that the kernel has already dropped.
 */
export class LogStore {
  readonly #options: LogOptions;
  readonly #file: AppendFile;
  readonly #waiting: Waiting[] = [];
  #book: Book;
  #seq: number;
  #bytes: number;
  #running: Promise<void> | undefined;
  #failure: Error | undefined;
  /** Seconds spent in fsync, and how often: for the metrics. */
  readonly syncs = { count: 0, seconds: 0 };

  private constructor(options: LogOptions, file: AppendFile, replayed: Replayed) {
    this.#options = options;
    this.#file = file;
    this.#book = replayed.book;
    this.#seq = replayed.seq;
    this.#bytes = replayed.bytes;
  }

  /** Replays what is there. A torn tail is cut off and said; a damaged middle is a {@link Refusal} and left as it is. */
  static async open(options: LogOptions): Promise<LogStore> {
    const replayed = await replay(options);
    const file = await options.disk.openAppend(join(options.directory, LOG_FILE));
    if (replayed.torn > 0) {
      options.say("warn", "The log ended in a record that was never acknowledged; it is cut off.", {
        bytes: replayed.torn,
        at: replayed.bytes,
      });
      mustBeOurs(options);
      await file.truncate(replayed.bytes);
      await file.sync();
    }
    options.say("info", "The log is replayed.", {
      epoch: replayed.book.epoch,
      openOrders: replayed.book.orders.size,
      records: replayed.records,
    });
    return new LogStore(options, file, replayed);
  }

  get book(): Book {
    return this.#book;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  append(records: readonly LogRecord[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (records.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Takes no more records, waits for those that are being written, and closes the file. */
  async close(): Promise<void> {
    this.#failure ??= new Error("the log is closed");
    await this.#running;
    await this.#file.close();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#commit(batch.flatMap(({ records }) => records));
        for (const { resolve } of batch) resolve();
        if (this.#bytes > this.#options.snapshotBytes) await this.#snapshot();
      } catch (error) {
        this.#failure = new Error(`The log cannot be written: ${reason(error)}`);
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(this.#failure);
      }
    }
    this.#running = undefined;
  }

  async #commit(records: readonly LogRecord[]): Promise<void> {
    const frame = encodeFrame({ seq: this.#seq + 1, payload: Buffer.from(JSON.stringify(records)) });
    mustBeOurs(this.#options);
    await this.#file.append(frame);
    const start = performance.now();
    await this.#file.sync();
    this.syncs.count += 1;
    this.syncs.seconds += (performance.now() - start) / 1000;
    this.#seq += 1;
    this.#bytes += frame.length;
    this.#book = records.reduce(apply, this.#book);
  }

  /** First the snapshot, safely; then the log is cut. A power cut in between leaves records that the replay skips. */
  async #snapshot(): Promise<void> {
    const { disk, directory } = this.#options;
    const payload = Buffer.from(JSON.stringify({ book: bookToJson(this.#book) }));
    mustBeOurs(this.#options);
    await disk.replace(join(directory, SNAPSHOT_FILE), encodeFrame({ seq: this.#seq, payload }));
    mustBeOurs(this.#options);
    await this.#file.truncate(0);
    await this.#file.sync();
    this.#bytes = 0;
  }
}

function mustBeOurs({ mayWrite }: LogOptions): void {
  if (!mayWrite()) throw new Error("the term is over, and the log is its successor's");
}

interface Replayed {
  readonly book: Book;
  readonly seq: number;
  readonly bytes: number;
  readonly torn: number;
  readonly records: number;
}

async function replay({ disk, directory }: LogOptions): Promise<Replayed> {
  const start = await readSnapshot(disk, join(directory, SNAPSHOT_FILE));
  const path = join(directory, LOG_FILE);
  const { frames, good, ending } = decodeLog((await disk.read(path)) ?? Buffer.alloc(0));
  if (ending.kind === "corrupt") {
    throw new Refusal(
      `The log ${path} is damaged at byte ${ending.at}: ${ending.why}. Nothing was changed; restore it or move it away.`,
    );
  }
  let { book, seq } = start;
  let records = 0;
  const first = frames[0]?.seq;
  if (first !== undefined && first > seq + 1) {
    throw new Refusal(`The log ${path} begins with record ${first}, but the snapshot ends with ${seq}.`);
  }
  for (const frame of frames) {
    if (frame.seq <= seq) continue;
    const read = readRecords(frame.payload);
    book = read.reduce(apply, book);
    records += read.length;
    seq = frame.seq;
  }
  return { book, seq, records, bytes: good, torn: ending.kind === "torn" ? ending.bytes : 0 };
}

function readRecords(payload: Buffer): LogRecord[] {
  const value = parseJson(payload.toString());
  return list({ records: value }, "records").map(readRecord);
}

async function readSnapshot(disk: Disk, path: string): Promise<{ book: Book; seq: number }> {
  const bytes = await disk.read(path);
  if (bytes === undefined) return { book: EMPTY_BOOK, seq: 0 };
  const { frames, ending } = decodeLog(bytes);
  const frame = frames[0];
  if (frame === undefined || frames.length > 1 || ending.kind !== "clean") {
    throw new Refusal(`The snapshot ${path} is damaged. Nothing was changed; restore it.`);
  }
  const value = fields(parseJson(frame.payload.toString()), "the snapshot");
  return { book: bookFromJson(value["book"]), seq: number({ seq: frame.seq }, "seq") };
}
