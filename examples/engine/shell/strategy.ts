import type { Settings } from "../core/settings";
import type { Session } from "./session";
import { sleep } from "./sleep";

/** The smallest strategy that keeps orders open: one new quote a market and interval, the oldest withdrawn. */
export async function quote(session: Session, settings: Settings, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    if (session.phase === "trading") {
      for (const market of settings.markets) {
        const open = session.openIn(market);
        const oldest = open[0];
        if (oldest !== undefined && open.length >= settings.maxOpenPerMarket) session.cancel(oldest.id);
        else
          await session.place({
            market,
            side: round % 2 === 0 ? "buy" : "sell",
            qty: 1,
            price: 100 + (round % 7),
          });
      }
    }
    await sleep(settings.quoteMs, signal);
  }
}
