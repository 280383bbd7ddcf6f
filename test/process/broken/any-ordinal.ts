import { type Env, Refusal, readSettings } from "../../../examples/engine/core/settings";
import { runBroken } from "./run";

// `MARKET_ASSIGNMENTS.get(ordinal, …)` with a default: an ordinal too many trades somebody else's market.
runBroken({
  readSettings(env: Env, readFile) {
    try {
      return readSettings(env, readFile);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return readSettings(env, () => JSON.stringify({ [env["POD_INDEX"] ?? "0"]: ["BTCUSDT"] }));
    }
  },
});
