import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { decodeLog, encodeFrame, type Frame } from "../../../examples/engine/core/wal-codec";

const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 });

function frames(contents: readonly Uint8Array[]): Frame[] {
  return contents.map((content, index) => ({ seq: index + 5, payload: Buffer.from(content) }));
}

function bytesOf(list: readonly Frame[]): Buffer {
  return Buffer.concat(list.map(encodeFrame));
}

describe("the log's frames", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(payloads, (contents) => {
        const written = frames(contents);
        const { frames: read, ending } = decodeLog(bytesOf(written));
        assert.deepEqual(read, written);
        assert.equal(ending.kind, "clean");
      }),
    );
  });

  it("cut anywhere, keep every whole record and call the rest torn", () => {
    fc.assert(
      fc.property(payloads, fc.nat(), (contents, at) => {
        const written = frames(contents);
        const bytes = bytesOf(written);
        const cut = at % (bytes.length + 1);
        const { frames: read, good, ending } = decodeLog(bytes.subarray(0, cut));
        assert.deepEqual(read, written.slice(0, read.length));
        assert.equal(good, bytesOf(read.slice()).length);
        assert.equal(ending.kind, good === cut ? "clean" : "torn");
      }),
    );
  });

  it("with one bit flipped never give a wrong record, and before the last one call it corrupt", () => {
    fc.assert(
      fc.property(payloads, fc.nat(), fc.nat(7), (contents, at, bit) => {
        const written = frames(contents);
        const bytes = bytesOf(written);
        const where = at % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(where) ^ (1 << bit), where);
        const { frames: read, ending } = decodeLog(bytes);
        assert.deepEqual(read, written.slice(0, read.length));
        assert.ok(read.length < written.length);
        assert.equal(ending.kind, read.length === written.length - 1 ? "torn" : "corrupt");
      }),
    );
  });

  it("never throw, whatever the bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void decodeLog(Buffer.from(noise))));
  });

  it("refuse a record that is missing in between", () => {
    const [a, , c] = frames([Buffer.from("a"), Buffer.from("b"), Buffer.from("c")]);
    assert.ok(a !== undefined && c !== undefined);
    const { ending } = decodeLog(bytesOf([a, c]));
    assert.deepEqual(ending, { kind: "corrupt", at: 21, why: "record 7 follows record 5" });
  });
});
