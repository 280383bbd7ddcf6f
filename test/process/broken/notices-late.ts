import { setTimeout as sleep } from "node:timers/promises";
import { acquire } from "../../../examples/engine/shell/lease-keeper";
import { LogStore } from "../../../examples/engine/shell/log-store";
import { runBroken } from "./run";

// Looks at its lease before it sends, but not before it writes: confirmations that waited go into another's log.
runBroken({
  openLog: (options) => LogStore.open({ ...options, mayWrite: () => true }),
  async acquire(options, signal) {
    const term = await acquire(options, signal);
    if (term === undefined) return undefined;
    const late = async (why: string) => {
      await sleep(500);
      return why;
    };
    return {
      generation: term.generation,
      deadline: () => term.deadline(),
      lost: term.lost.then(late),
      release: () => term.release(),
    };
  },
});
