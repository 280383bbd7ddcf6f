import { crc32 } from "node:zlib";

/**
 * Frames of the log: magic, length, sequence number, checksum, payload.
 * A frame is one write and one fsync, and the next is written only after that fsync. So a bad frame with a good one
 * behind it was once safely on disk: corruption. A bad frame with nothing behind it was never acknowledged: torn.
 */
export interface Frame {
  readonly seq: number;
  readonly payload: Buffer;
}

export type Ending =
  | { readonly kind: "clean" }
  | { readonly kind: "torn"; readonly at: number; readonly bytes: number }
  | { readonly kind: "corrupt"; readonly at: number; readonly why: string };

export interface Decoded {
  readonly frames: readonly Frame[];
  /** Bytes up to which the log is whole. */
  readonly good: number;
  readonly ending: Ending;
}

const MAGIC = Buffer.from("TWL1");
const HEADER = MAGIC.length + 4 + 8 + 4;
/** Far above any frame that the engine writes; a length beyond it is noise. */
const MAX_PAYLOAD = 64 * 1024 * 1024;

export function encodeFrame({ seq, payload }: Frame): Buffer {
  if (payload.length > MAX_PAYLOAD) throw new Error(`a frame of ${payload.length} bytes is too long`);
  const head = Buffer.alloc(HEADER);
  MAGIC.copy(head);
  head.writeUInt32LE(payload.length, 4);
  head.writeBigUInt64LE(BigInt(seq), 8);
  head.writeUInt32LE(checksum(head, payload), 16);
  return Buffer.concat([head, payload]);
}

/** The checksum covers length and sequence number too: a flipped bit in either must not pass. */
function checksum(head: Buffer, payload: Buffer): number {
  return crc32(payload, crc32(head.subarray(4, 16)));
}

function frameAt(bytes: Buffer, at: number): { frame: Frame; end: number } | undefined {
  if (at + HEADER > bytes.length || !bytes.subarray(at, at + 4).equals(MAGIC)) return undefined;
  const length = bytes.readUInt32LE(at + 4);
  const end = at + HEADER + length;
  if (length > MAX_PAYLOAD || end > bytes.length) return undefined;
  const payload = bytes.subarray(at + HEADER, end);
  if (bytes.readUInt32LE(at + 16) !== checksum(bytes.subarray(at, at + HEADER), payload)) return undefined;
  return { frame: { seq: Number(bytes.readBigUInt64LE(at + 8)), payload }, end };
}

function goodFrameBehind(bytes: Buffer, at: number): boolean {
  for (let next = bytes.indexOf(MAGIC, at + 1); next !== -1; next = bytes.indexOf(MAGIC, next + 1)) {
    if (frameAt(bytes, next) !== undefined) return true;
  }
  return false;
}

/** Reads as far as the log is whole, and says how it ends. Never throws, whatever the bytes. */
export function decodeLog(bytes: Buffer): Decoded {
  const frames: Frame[] = [];
  let good = 0;
  while (good < bytes.length) {
    const found = frameAt(bytes, good);
    if (found === undefined) {
      const ending: Ending = goodFrameBehind(bytes, good)
        ? { kind: "corrupt", at: good, why: "a damaged record with whole records behind it" }
        : { kind: "torn", at: good, bytes: bytes.length - good };
      return { frames, good, ending };
    }
    const before = frames.at(-1)?.seq;
    if (before !== undefined && found.frame.seq !== before + 1) {
      const why = `record ${found.frame.seq} follows record ${before}`;
      return { frames, good, ending: { kind: "corrupt", at: good, why } };
    }
    frames.push(found.frame);
    good = found.end;
  }
  return { frames, good, ending: { kind: "clean" } };
}
