import { rm } from "node:fs/promises";
import { Refusal } from "../../../examples/engine/core/settings";
import { LogStore } from "../../../examples/engine/shell/log-store";
import { runBroken } from "./run";

// "Self-healing": what cannot be read is deleted, and trading goes on.
runBroken({
  async openLog(options) {
    try {
      return await LogStore.open(options);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await rm(options.directory, { recursive: true });
      return LogStore.open(options);
    }
  },
});
