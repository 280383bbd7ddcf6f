import { isClean } from "../../../examples/engine/exchange/ledger";
import { status } from "../bench";
import { until } from "../process";
import { fail, type Line, pass, skip, sleep } from "./line";

/** Orders that may still be under way when the first is refused. */
const UNDER_WAY = 10;

export const exchangeLines: readonly Line[] = [
  {
    id: "clock-skew",
    promise: "When the exchange refuses its clock it halts, and its open orders are cancelled.",
    check: async (bench) => {
      bench.exchange.faults.cancelOnDisconnect = true;
      await bench.startTrading();
      bench.exchange.faults.skewMs = 5000;
      await until("a refusal", 3000, () => bench.orders("rejected").length > 0);
      await sleep(800);
      const refused = bench.orders("rejected").length;
      if (refused > UNDER_WAY)
        return fail(`It sent ${refused} orders with a clock that the exchange refuses.`);
      const open = bench.openOrders().length;
      return open === 0 ? pass() : fail(`It halted, but ${open} order(s) stayed open.`);
    },
  },
  {
    id: "disconnects",
    promise: "It reconnects, and agrees with the exchange on what happened in between.",
    check: async (bench) => {
      Object.assign(bench.exchange.faults, { dropAfterOrders: 4, fillEvery: 3 });
      const engine = await bench.startTrading();
      const again = await until("a third connection", 6000, () => bench.orders("connected").length > 2).catch(
        () => false,
      );
      if (!again) return fail("It does not reconnect.");
      bench.exchange.faults.dropAfterOrders = 0;
      if (bench.orders("duplicate").length > 0) return fail("After a disconnect it sent an order twice.");
      if ((await status(`${engine.url}/positions`)) !== 200)
        return skip("/positions does not answer: no view to compare.");
      const audit = await bench.audit(engine);
      return isClean(audit) ? pass() : fail(`It disagrees with the exchange: ${JSON.stringify(audit)}.`);
    },
  },
];
