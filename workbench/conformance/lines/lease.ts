import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Bench, NAMESPACE } from "../bench";
import { until } from "../process";
import { fail, files, type Line, mustBeIdle, pass, type Result, sleep, watchIdle } from "./line";

const LEASE = "engine-0";

/** The latest moment at which an order may be sent: its last renewal, and the deadline after it. */
function deadline(bench: Bench): number {
  const last = bench.leases.writes.findLast(({ name, holder }) => name === LEASE && holder !== "another");
  return (last?.at ?? 0) + bench.times.renewDeadlineMs;
}

function lateOrders(bench: Bench, after: number): Result {
  const late = bench.orders().filter(({ at }) => at > after);
  if (late.length === 0) return pass();
  const by = Math.round((late[0]?.at ?? after) - after);
  return fail(`It sent ${late.length} order(s) after its renew deadline, the first ${by} ms late.`);
}

/** Stopped by the kernel it notices nothing; what it does first when it goes on is what counts. */
async function stoppedBeyond(bench: Bench): Promise<Result> {
  const engine = await bench.startTrading();
  if (bench.leases.writes.length === 0) return fail("It trades without a lease.");
  engine.signal("SIGSTOP");
  const until = deadline(bench);
  await sleep(bench.times.leaseDurationMs + 100);
  bench.leases.steal(LEASE, NAMESPACE, "another");
  engine.signal("SIGCONT");
  await sleep(800);
  return lateOrders(bench, until);
}

/** What the exchange said meanwhile waits in its socket, and must not be written into the log of its successor. */
async function leavesLog(bench: Bench): Promise<Result> {
  const engine = await bench.startTrading();
  if (bench.leases.writes.length === 0) return fail("It trades without a lease.");
  await until("an open order", bench.times.startMs, () => bench.openOrders().length > 0);
  engine.signal("SIGSTOP");
  await sleep(Math.max(bench.times.leaseDurationMs, bench.times.deadManMs) + 100);
  bench.leases.steal(LEASE, NAMESPACE, "another");
  const before = contents(bench.dataDir);
  engine.signal("SIGCONT");
  await sleep(800);
  return contents(bench.dataDir) === before
    ? pass()
    : fail("It wrote into the log after its term: by then another engine writes it, and both destroy it.");
}

function contents(directory: string): string {
  const hash = createHash("sha256");
  for (const path of files(directory).sort()) hash.update(path).update(readFileSync(path));
  return hash.digest("hex");
}

async function outage(bench: Bench): Promise<Result> {
  await bench.startTrading();
  bench.exchange.faults.cancelOnDisconnect = false;
  if (bench.leases.writes.length === 0) return fail("It trades without a lease.");
  bench.leases.outage = "hanging";
  const until = deadline(bench);
  await sleep(bench.times.renewDeadlineMs + 700);
  const late = lateOrders(bench, until);
  if (late.verdict !== "PASS") return late;
  const open = bench.openOrders().length;
  return open === 0 ? pass() : fail(`It stopped at its deadline, but left ${open} order(s) open.`);
}

async function deadMan(bench: Bench): Promise<Result> {
  const engine = await bench.startTrading();
  engine.signal("SIGSTOP");
  const wait = bench.times.deadManMs + 500;
  const cancelled = await until("no open order", wait, () => bench.openOrders().length === 0).catch(
    () => false,
  );
  return cancelled
    ? pass()
    : fail(`Frozen for ${wait} ms, its orders were still open: the switch is not armed.`);
}

export const leaseLines: readonly Line[] = [
  {
    id: "lease-before-first-order",
    promise: "It holds its Lease before its first order.",
    withoutTrading: true,
    check: async (bench) => {
      bench.leases.steal(LEASE, NAMESPACE, "another");
      return mustBeIdle(await watchIdle(bench, {}, 1000), `while another held the lease ${LEASE}`);
    },
  },
  {
    id: "lease-deadline",
    promise:
      "No order is sent after the lease's renew deadline, also by a process that was stopped beyond it.",
    check: stoppedBeyond,
  },
  {
    id: "log-after-term",
    promise: "Nothing is written into the log after the term, also by a process that was stopped beyond it.",
    check: leavesLog,
  },
  {
    id: "lease-outage",
    promise: "When the lease cannot be renewed it halts at the deadline and cancels.",
    check: outage,
  },
  {
    id: "lease-returned",
    promise: "After a drain the lease is given back, so that the next holder need not wait.",
    check: async (bench) => {
      const engine = await bench.startTrading();
      engine.signal("SIGTERM");
      await engine.within(1000 * bench.times.drainBudgetSeconds);
      const holder = bench.leases.holder(LEASE);
      return holder === "" ? pass() : fail(`After the drain the lease is still held by ${holder}.`);
    },
  },
  {
    id: "dead-man",
    promise: "The exchange's dead-man switch is armed: a frozen engine's orders are cancelled.",
    check: deadMan,
  },
];
