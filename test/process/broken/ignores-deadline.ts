import { acquire } from "../../../examples/engine/shell/lease-keeper";
import { runBroken } from "./run";

// Takes the lease once and believes that it is its own for ever.
runBroken({
  async acquire(options, signal) {
    const term = await acquire(options, signal);
    if (term === undefined) return undefined;
    return {
      generation: term.generation,
      deadline: () => Number.POSITIVE_INFINITY,
      lost: new Promise(() => {}),
      release: () => term.release(),
    };
  },
});
