import { sleep } from "../../../examples/engine/shell/sleep";
import { runBroken } from "./run";

// The order is on the wire first; the log follows when there is time.
runBroken({
  async placeInOrder(append, send) {
    send();
    await sleep(100);
    await append();
  },
});
