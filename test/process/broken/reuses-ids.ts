import { runBroken } from "./run";

// A counter that begins again with the process.
runBroken({ nextEpoch: () => 1 });
