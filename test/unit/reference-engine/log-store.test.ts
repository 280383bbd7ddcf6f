import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { LogRecord } from "../../../examples/engine/core/book";
import { Refusal } from "../../../examples/engine/core/settings";
import type { Disk } from "../../../examples/engine/shell/disk";
import { LogStore } from "../../../examples/engine/shell/log-store";

const quiet = () => {};

/** A disk with a cache: what is not synced is lost with the power, from a point that chance decides. */
class CachedDisk implements Disk {
  readonly durable = new Map<string, Buffer>();
  readonly cached = new Map<string, Buffer>();
  readonly calls: string[] = [];
  /** Operations until each further one fails. */
  budget = Number.POSITIVE_INFINITY;

  #step(call: string): void {
    this.calls.push(call);
    this.budget -= 1;
    if (this.budget < 0) throw new Error("ENOSPC: no space left on device");
  }

  async read(path: string): Promise<Buffer | undefined> {
    return this.cached.get(path);
  }

  async openAppend(path: string) {
    const content = () => this.cached.get(path) ?? Buffer.alloc(0);
    this.cached.set(path, content());
    this.durable.set(path, this.durable.get(path) ?? Buffer.alloc(0));
    return {
      append: async (bytes: Buffer) => {
        // A full disk takes the first half.
        const whole = this.budget >= 1;
        this.cached.set(
          path,
          Buffer.concat([content(), whole ? bytes : bytes.subarray(0, bytes.length / 2)]),
        );
        this.#step("append");
      },
      sync: async () => {
        this.#step("sync");
        this.durable.set(path, content());
      },
      truncate: async (size: number) => {
        this.#step("truncate");
        this.cached.set(path, content().subarray(0, size));
      },
      close: async () => {},
    };
  }

  async replace(path: string, bytes: Buffer): Promise<void> {
    this.#step("replace");
    this.cached.set(path, bytes);
    this.durable.set(path, bytes);
  }

  /** The power goes; of what was only appended, `kept` bytes had reached the device. */
  powerCut(kept: number): void {
    for (const [path, cached] of this.cached) {
      const durable = this.durable.get(path) ?? Buffer.alloc(0);
      const grown = cached.length > durable.length && cached.subarray(0, durable.length).equals(durable);
      this.cached.set(
        path,
        grown ? cached.subarray(0, durable.length + (kept % (cached.length - durable.length))) : durable,
      );
    }
    this.budget = Number.POSITIVE_INFINITY;
  }
}

function intent(n: number): LogRecord {
  return { t: "intent", id: `o-${n}`, market: "BTCUSDT", side: "buy", qty: 1, price: 100, at: n };
}

function open(disk: Disk, snapshotBytes = 1_000_000): Promise<LogStore> {
  return LogStore.open({ disk, directory: "/data", say: quiet, snapshotBytes, mayWrite: () => true });
}

describe("the log", () => {
  it("acknowledges after the fsync, never before", async () => {
    const disk = new CachedDisk();
    const log = await open(disk);
    await log.append([intent(1)]);
    assert.deepEqual(disk.calls, ["append", "sync"]);
  });

  it("is not touched after the term, whatever still waits", async () => {
    const disk = new CachedDisk();
    let isOurs = true;
    const options = { disk, directory: "/data", say: quiet, snapshotBytes: 1, mayWrite: () => isOurs };
    const log = await LogStore.open(options);
    isOurs = false;
    await assert.rejects(log.append([intent(1)]), /the term is over, and the log is its successor's/);
    assert.deepEqual(disk.calls, []);
  });

  it("writes what waits together: one frame, one fsync", async () => {
    const disk = new CachedDisk();
    const log = await open(disk);
    await Promise.all([1, 2, 3, 4].map((n) => log.append([intent(n)])));
    assert.deepEqual(disk.calls, ["append", "sync", "append", "sync"]);
    assert.equal(log.book.orders.size, 4);
  });

  it("loses nothing acknowledged, wherever the disk fails and the power goes", () =>
    fc.assert(
      fc.asyncProperty(
        fc.nat(60),
        fc.nat(),
        fc.integer({ min: 80, max: 600 }),
        async (budget, kept, snapshotBytes) => {
          const disk = new CachedDisk();
          const log = await open(disk, snapshotBytes);
          disk.budget = budget;
          const acknowledged: string[] = [];
          for (let n = 0; n < 20; n += 1) {
            await log.append([intent(n)]).then(() => acknowledged.push(`o-${n}`), quiet);
          }
          disk.powerCut(kept);
          const again = await open(disk, snapshotBytes);
          const known = [...again.book.orders.keys()];
          assert.deepEqual(known.slice(0, acknowledged.length), acknowledged);
          // At most the one record that was being written may be there besides.
          assert.ok(known.length <= acknowledged.length + 1);
          await again.append([intent(99)]);
          assert.ok((await open(disk)).book.orders.has("o-99"));
        },
      ),
      { numRuns: 300 },
    ));

  it("accepts nothing more after one failure, though the disk would", async () => {
    const disk = new CachedDisk();
    const log = await open(disk);
    disk.budget = 1;
    await assert.rejects(log.append([intent(1)]), /cannot be written: ENOSPC/);
    disk.budget = 100;
    await assert.rejects(log.append([intent(2)]), /cannot be written: ENOSPC/);
    assert.equal(log.book.orders.size, 0);
  });

  it("refuses damage in the middle and in the snapshot, and changes nothing", async () => {
    const disk = new CachedDisk();
    const log = await open(disk, 150);
    for (let n = 0; n < 3; n += 1) await log.append([intent(n)]);
    await log.append([intent(3)]);
    await log.append([intent(4)]);
    for (const path of ["/data/orders.wal", "/data/snapshot"]) {
      const good = disk.cached.get(path) ?? Buffer.alloc(0);
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(25) ^ 1, 25);
      if (path.endsWith("wal")) disk.cached.set(path, Buffer.concat([bad, good]));
      else disk.cached.set(path, bad);
      const calls = disk.calls.length;
      await assert.rejects(
        open(disk),
        (error) => error instanceof Refusal && /is damaged/.test(error.message),
      );
      assert.equal(disk.calls.length, calls);
      disk.cached.set(path, good);
    }
  });
});
