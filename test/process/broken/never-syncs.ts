import { nodeDisk } from "../../../examples/engine/shell/disk";
import { LogStore } from "../../../examples/engine/shell/log-store";
import { runBroken } from "./run";

// Writes before it sends, but into the page cache: a power cut takes the log and leaves the orders.
runBroken({
  openLog: (options) =>
    LogStore.open({
      ...options,
      disk: {
        ...nodeDisk,
        openAppend: async (path) => ({ ...(await nodeDisk.openAppend(path)), sync: async () => {} }),
      },
    }),
});
