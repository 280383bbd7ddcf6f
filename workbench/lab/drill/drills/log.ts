import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { evict } from "../../engines/pods";
import { pathOf } from "../../kube-client";
import { changeDisk, forceDelete, newestLog, patch, whileDown } from "../actions";
import { check, type Drill, same } from "../drill";
import { deleteEngine, trades } from "../looks";
import { container, engineView, pod, podName, replaced, type Stage, until } from "../stage";
import { dryEviction } from "./budget";

export const firstBroken: Drill = {
  id: "first-broken",
  covers: ["R6"],
  title: "engine 0 cannot start, and engine 2 must recover",
  steps: [
    "the middle of engine 0's log is overwritten while it is down: it refuses to start",
    "engine 2's eviction is asked for: the budget has nothing left",
    "engine 2's pod is deleted; an eviction of engine 0 is tried under both policies for unhealthy pods",
    "the log is put back",
  ],
  expectation:
    "engine 2 comes back although engine 0 is broken; engine 0 does not trade on a log that it cannot read; AlwaysAllow lets its node be drained, IfHealthyBudget blocks it",
  darkBound: ({ start, lease }) => 60 + start + lease,
  async run(stage) {
    const { restarts } = await container(stage, 0);
    let log = "";
    let content = Buffer.alloc(0);
    await whileDown(stage, 0, (disk) => {
      log = newestLog(disk);
      content = readFileSync(log);
      writeFileSync(log, corrupted(content));
    });
    const refused = await until(
      "engine 0 ended by itself",
      () => container(stage, 0),
      ({ restarts: now }) => now >= restarts + 2,
      90,
    );
    const zero = await pod(stage, 0);
    const answer = await evict(stage.client, stage.spec.namespace, podName(stage, 2));
    const before = await pod(stage, 2);
    const unhealthy = await evictionsOfBroken(stage, () => deleteEngine(stage, 2));
    const two = await replaced(stage, 2, before?.uid ?? "", 120);
    const still = await pod(stage, 0);
    writeFileSync(log, content);
    // The kubelet waits ever longer between two starts; a new pod does not.
    await forceDelete(stage, podName(stage, 0));
    await trades(stage, 0);
    return {
      touched: [0, 2],
      facts: [
        check("engine 0 ended with an error", (refused.lastExitCode ?? 0) > 0, refused.lastExitCode),
        same("engine 0 ready while broken", false, zero?.ready),
        same("an eviction of engine 2 meanwhile", 429, answer),
        same("evictions of engine 0", { IfHealthyBudget: 429, AlwaysAllow: 201 }, unhealthy),
        check("engine 2 ready in a new pod", two.ready, two),
        same("engine 0 ready by then", false, still?.ready),
      ],
    };
  },
};

const budgetSchema = z.object({
  metadata: z.object({ generation: z.number() }),
  status: z.object({ observedGeneration: z.number(), currentHealthy: z.number() }),
});

/** What the API server answers to an eviction of engine 0, which is broken, while another one is away too. */
async function evictionsOfBroken(stage: Stage, takeAway: () => Promise<void>) {
  const { namespace, markets } = stage.spec;
  const budget = stage.manifests.find(
    ({ kind, metadata }) => kind === "PodDisruptionBudget" && metadata.namespace === namespace,
  );
  if (budget === undefined) {
    await takeAway();
    const answer = await dryEviction(stage, namespace, podName(stage, 0));
    return { IfHealthyBudget: answer, AlwaysAllow: answer };
  }
  const path = pathOf(budget);
  const counted = (healthy: number) =>
    until(
      `the budget counts ${healthy} healthy engines`,
      async () => budgetSchema.parse(await stage.client.get(path)),
      ({ metadata, status }) =>
        status.observedGeneration === metadata.generation && status.currentHealthy <= healthy,
      30,
    );
  const choose = (unhealthyPodEvictionPolicy: string) =>
    patch(stage, path, { spec: { unhealthyPodEvictionPolicy } });
  try {
    await choose("IfHealthyBudget");
    await counted(markets.length - 1);
    await takeAway();
    await counted(markets.length - 2);
    const blocked = await dryEviction(stage, namespace, podName(stage, 0));
    await choose("AlwaysAllow");
    await counted(markets.length - 1);
    // A pod that changes while it is looked at is answered 429 as well: whoever drains a node asks again.
    const allowed = await until(
      "an eviction of engine 0 is allowed",
      () => dryEviction(stage, namespace, podName(stage, 0)),
      (status) => status === 201,
      15,
    );
    return { IfHealthyBudget: blocked, AlwaysAllow: allowed };
  } finally {
    await choose("AlwaysAllow");
  }
}

// Half of the file, so that what follows the damage was acknowledged: not a tail that a crash cut off.
function corrupted(content: Buffer): Buffer {
  const copy = Buffer.from(content);
  const middle = Math.floor(copy.length / 2);
  copy.fill(0x21, middle, middle + 16);
  return copy;
}

/** Room in bytes that the tiny disk leaves beside what the log holds already: some ten seconds of orders. */
const HEADROOM = 4096;

export const volumeFull: Drill = {
  id: "R20",
  title: "the volume of the log is full",
  steps: [
    "engine 1's disk is replaced by a tiny one with the same content while it is down",
    "it trades until the disk is full",
    "the disk grows; the engine is started again",
  ],
  expectation: "it stops trading before it acknowledges what it could not write; nothing is lost",
  darkBound: ({ start, lease }) => 30 + start + lease,
  async run(stage) {
    let disk = "";
    await whileDown(stage, 1, (folder) => {
      disk = folder;
      changeDisk(stage, folder, () => shrink(folder));
    });
    try {
      const before = await container(stage, 1);
      const full = await until(
        "engine 1 no longer trades",
        async () => ({ phase: (await phaseOf(stage, 1)) ?? "gone", ...(await container(stage, 1)) }),
        ({ phase, restarts }) => phase === "halted" || restarts > before.restarts + 1,
        90,
      );
      const { accounts } = await stage.exchange.report();
      const open = accounts[podName(stage, 1)]?.open ?? [];
      const other = await engineView(stage, 0);
      execFileSync("mount", ["-o", "remount,size=64m", disk]);
      await forceDelete(stage, podName(stage, 1));
      await trades(stage, 1);
      return {
        touched: [1],
        facts: [
          check("it says that it halted, or ended", full.phase !== "trading", full),
          same("its orders open at the exchange", [], open),
          same("another engine", "trading", other.phase),
        ],
      };
    } finally {
      await whileDown(stage, 1, (folder) => changeDisk(stage, folder, () => restoreDisk(folder)));
      await trades(stage, 1);
    }
  },
};

async function phaseOf(stage: Stage, ordinal: number): Promise<string | undefined> {
  return (await engineView(stage, ordinal).catch(() => undefined))?.phase;
}

function shrink(disk: string): void {
  withCopy(disk, (copy) => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m,mode=777", "drill", disk]);
    copy();
    // Only the file system itself knows how many of its own blocks the copy takes.
    const { blocks, bfree, bsize } = statfsSync(disk);
    execFileSync("mount", ["-o", `remount,size=${(blocks - bfree) * bsize + HEADROOM}`, disk]);
  });
}

function restoreDisk(disk: string): void {
  withCopy(disk, (copy) => {
    execFileSync("umount", ["-l", disk]);
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
    copy();
  });
}

function withCopy(disk: string, work: (copyBack: () => void) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "drill-"));
  try {
    execFileSync("cp", ["-a", `${disk}/.`, folder]);
    work(() => execFileSync("cp", ["-a", `${folder}/.`, disk]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
