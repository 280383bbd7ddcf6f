import { readFileSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** A noisy neighbour: threads that spin, threads that allocate, and threads that ask the kernel for something. */

const THREADS = ["spin", "spin", "allocate", "system-calls"] as const;
type Kind = (typeof THREADS)[number];

const TURNS: Readonly<Record<Kind, () => unknown>> = {
  spin: () => {
    let sum = 0;
    for (let index = 0; index < 1e6; index += 1) sum += index;
    return sum;
  },
  allocate: () => Buffer.alloc(2 ** 20, 1),
  "system-calls": () => readFileSync("/proc/self/stat"),
};

function disturb(kind: Kind): never {
  for (;;) TURNS[kind]();
}

if (isMainThread) {
  for (const kind of THREADS) new Worker(__filename, { workerData: { kind } });
  process.on("SIGTERM", () => process.exit(0));
} else {
  const { kind }: { readonly kind: Kind } = workerData;
  disturb(kind);
}
