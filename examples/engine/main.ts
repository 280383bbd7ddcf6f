import { runEngine } from "./shell/engine";
import { referenceParts } from "./shell/parts";

// Whatever timers and sockets are left, they have nothing more to do.
void runEngine(process.env, referenceParts).then((code) => process.exit(code));
