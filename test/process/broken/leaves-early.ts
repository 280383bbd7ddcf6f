import { sleep } from "../../../examples/engine/shell/sleep";
import { runBroken } from "./run";

// Asks for every cancel and leaves: whether one was refused it never learns.
runBroken({
  async drain(session) {
    for (const id of session.book.orders.keys()) session.cancel(id);
    await sleep(50);
    return 0;
  },
});
