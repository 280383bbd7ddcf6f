import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench";
import { until } from "../process";
import { fail, type Line, pass, type Result, skip } from "./line";

const SYNCED = /\b(fsync|fdatasync|msync|sync_file_range|io_uring_enter)\b.*= \d/;
const SENT = /\b(write|writev|sendto|sendmsg)\(.*\\"op\\":\\"order\\"/;
const DIRECT = /openat\(.*O_D?SYNC/;

/** Orders of a system call trace that no fsync stands before, counted from the order before. */
export function unsyncedOrders(trace: string): { orders: number; unsynced: number; direct: boolean } {
  let synced = false;
  let orders = 0;
  let unsynced = 0;
  for (const line of trace.split("\n")) {
    if (SYNCED.test(line)) synced = true;
    if (!SENT.test(line)) continue;
    orders += 1;
    if (!synced) unsynced += 1;
    synced = false;
  }
  return { orders, unsynced, direct: DIRECT.test(trace) };
}

async function check(bench: Bench): Promise<Result> {
  if (spawnSync("strace", ["-V"]).status !== 0) return skip("It needs strace, which is not installed.");
  const trace = join(bench.directory, "trace");
  const calls =
    "trace=fsync,fdatasync,msync,sync_file_range,io_uring_enter,write,writev,sendto,sendmsg,openat";
  const engine = await bench.start({}, ["strace", "-f", "-qq", "-s", "160", "-e", calls, "-o", trace]);
  const count = 8;
  const traded = await until(
    "some orders",
    2 * bench.times.startMs,
    () => bench.orders().length >= count,
  ).catch(() => false);
  if (!traded) return skip(`It does not trade under strace: ${engine.lastLine()}`);
  engine.signal("SIGTERM");
  await engine.within(1000 * bench.times.drainBudgetSeconds);
  const { orders, unsynced, direct } = unsyncedOrders(existsSync(trace) ? readFileSync(trace, "utf8") : "");
  if (orders === 0) return skip("Its orders cannot be seen among its system calls.");
  if (unsynced === 0) return pass(`${orders} orders, each with an fsync before it`);
  return direct
    ? skip("It opens files with O_SYNC: no fsync is needed, and which file it is cannot be told.")
    : fail(`${unsynced} of ${orders} orders were sent without an fsync since the order before.`);
}

/** One market of quotes at a time, so that each order has an fsync of its own. */
export const syncedLine: Line = {
  id: "synced-before-sent",
  promise: "The log is on the device, by fsync, before the order is sent.",
  check,
};
