import { runBroken } from "./run";

// The handler assumes that it is called once.
runBroken({
  shutdownAsked(before) {
    if (before > 0) process.exit(134);
  },
});
