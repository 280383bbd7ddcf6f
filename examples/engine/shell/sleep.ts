import { setTimeout as wait } from "node:timers/promises";

/** Resolves after `ms`, or at once when `signal` is or gets aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await wait(Math.max(0, ms), undefined, signal === undefined ? {} : { signal }).catch(() => {});
}
