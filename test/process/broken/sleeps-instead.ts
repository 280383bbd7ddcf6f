import { sleep } from "../../../examples/engine/shell/sleep";
import { runBroken } from "./run";

// The seed's preStop hook as a program: it waits, and cancels nothing.
runBroken({
  async drain() {
    await sleep(1000);
    return 0;
  },
});
