import { runBroken } from "./run";

// Ready as soon as the port is open: the log is not replayed yet.
runBroken({ isReady: () => true });
