import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../workbench/offline/errors";
import { acquireLock } from "../../workbench/offline/lock";

describe("the lock of a simulated account", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lock-"));
    file = join(folder, "deep", "lock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const options = { waitMilliseconds: 60, pollMilliseconds: 10, onWait: () => {} };

  it("holds this process's id, and is gone after release", async () => {
    const lock = await acquireLock(file, options);
    assert.equal(readFileSync(file, "utf8"), String(process.pid));
    lock.release();
    lock.release();
    assert.equal(existsSync(file), false);
  });

  it("takes over from a process that is gone, and from a torn file", async () => {
    const { pid } = spawnSync("true");
    for (const content of [String(pid), "", "half a num"]) {
      (await acquireLock(file, options)).release();
      writeFileSync(file, content);
      const lock = await acquireLock(file, options);
      assert.equal(readFileSync(file, "utf8"), String(process.pid));
      lock.release();
    }
  });

  it("names a process that still runs and gives up in one sentence", async () => {
    const other = spawn("sleep", ["60"]);
    try {
      const waited: number[] = [];
      (await acquireLock(file, options)).release();
      writeFileSync(file, String(other.pid));
      await assert.rejects(
        acquireLock(file, { ...options, onWait: (pid) => waited.push(pid) }),
        (error) =>
          error instanceof UserError &&
          error.message.includes(`process ${other.pid}`) &&
          /--state DIR/.test(error.message),
      );
      assert.deepEqual(waited, [other.pid]);
      assert.equal(readFileSync(file, "utf8"), String(other.pid));
    } finally {
      other.kill();
    }
  });

  it("goes on as soon as the other run ends", async () => {
    const other = spawn("sleep", ["60"]);
    (await acquireLock(file, options)).release();
    writeFileSync(file, String(other.pid));
    const lock = await acquireLock(file, { ...options, waitMilliseconds: 5000, onWait: () => other.kill() });
    lock.release();
  });
});
