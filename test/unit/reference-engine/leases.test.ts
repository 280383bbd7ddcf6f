import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { LeaseApi } from "../../../examples/engine/exchange/lease-api";
import { fileLease } from "../../../examples/engine/shell/file-lease";
import { kubernetesLease } from "../../../examples/engine/shell/kubernetes-lease";
import { type LeaseStore, memoryLease } from "../../../examples/engine/shell/lease-store";

let api: LeaseApi;
let directory: string;

const STORES: Readonly<Record<string, () => LeaseStore>> = {
  "in memory": memoryLease,
  "in a directory": () => fileLease(directory, "trading.engine-0"),
  "at the coordination API": () => kubernetesLease({ url: api.url, token: () => "t" }, "trading", "engine-0"),
};

const record = (holder: string, generation: number) => ({ holder, generation, durationMs: 1500 });

describe("a lease", () => {
  beforeEach(async () => {
    api = await LeaseApi.start();
    directory = mkdtempSync(join(tmpdir(), "lease-"));
  });
  afterEach(async () => {
    await api.stop();
    rmSync(directory, { recursive: true });
  });

  for (const [where, make] of Object.entries(STORES)) {
    it(`${where} is written by one of many who try at once, and each later write too`, async () => {
      const store = make();
      assert.equal(await store.read(500), undefined);
      let version: string | undefined;
      for (let generation = 1; generation < 5; generation += 1) {
        const tries = ["a", "b", "c"].map((holder) => store.write(record(holder, generation), version, 500));
        const won = (await Promise.all(tries)).filter((stored) => stored !== undefined);
        assert.equal(won.length, 1);
        const now = await store.read(500);
        assert.deepEqual(now?.record, won[0]?.record);
        version = now?.version;
      }
      assert.equal(await store.write(record("late", 9), "1", 500), undefined);
    });
  }

  it("at an API that refuses or hangs is an error within the time given, never a yes", async () => {
    const store = kubernetesLease({ url: api.url }, "trading", "engine-0");
    api.outage = "refusing";
    await assert.rejects(store.read(500), /answered with 503/);
    api.outage = "hanging";
    const start = performance.now();
    await assert.rejects(store.write(record("a", 1), undefined, 100));
    assert.ok(performance.now() - start < 400);
  });
});
