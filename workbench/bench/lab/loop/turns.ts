import { workerData } from "node:worker_threads";
import { bucketOf } from "./histogram";

/**
 * The busy-polling thread of an engine, without an engine: it looks at the clock, counts how long it did not look, and
 * looks again. It allocates nothing, so its gaps are those that kernel, neighbours and hypervisor make.
 */

const NANOSECONDS = 1e6;

function turn(counts: Float64Array): never {
  let last = performance.now();
  for (;;) {
    const now = performance.now();
    const bucket = bucketOf((now - last) * NANOSECONDS);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    last = now;
  }
}

const { counts }: { readonly counts: Float64Array } = workerData;
turn(counts);
