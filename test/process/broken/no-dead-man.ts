import { readSettings } from "../../../examples/engine/core/settings";
import { runBroken } from "./run";

// Does not arm the exchange's switch.
runBroken({
  readSettings(env, readFile) {
    const settings = readSettings(env, readFile);
    return { ...settings, exchange: { ...settings.exchange, deadManMs: 0 } };
  },
});
