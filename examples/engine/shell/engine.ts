import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { isEmpty } from "../core/book";
import { drainPlan } from "../core/drain-plan";
import { reason } from "../core/json";
import { orderIds } from "../core/order-ids";
import { type Env, Refusal, type Settings } from "../core/settings";
import { nodeDisk } from "./disk";
import { type Answer, serve } from "./http";
import { identity } from "./identity";
import type { Clock, Term } from "./lease-keeper";
import { leaseStore } from "./lease-source";
import type { LogStore } from "./log-store";
import { noCounts } from "./metrics";
import type { Parts } from "./parts";
import { jsonLines, type Say } from "./say";
import { Session } from "./session";
import { sleep } from "./sleep";
import { metricsOf } from "./state-metrics";
import { quote } from "./strategy";

/** Exit codes: drained; stopped with orders open; refused to start. */
export const EXIT = { drained: 0, ordersOpen: 1, refused: 78 } as const;

/** Time after a lost lease in which cancels are sent and confirmed, before the wait for a new term. */
const CANCEL_AFTER_LOSS_MS = 5000;

/** Runs an engine until it has drained or refused; resolves with the exit code. */
export async function runEngine(env: Env, parts: Parts): Promise<number> {
  let say = jsonLines({});
  try {
    const settings = parts.readSettings(env, (path) => readFileSync(path, "utf8"));
    const { podName: pod, ordinal, nodeName: node } = settings;
    say = jsonLines({ pod, ordinal, node });
    return await new Engine(settings, parts, say).run();
  } catch (error) {
    say(
      "error",
      error instanceof Refusal ? `Refusing to start: ${error.message}` : `Failed: ${reason(error)}`,
    );
    return EXIT.refused;
  }
}

class Engine {
  readonly #settings: Settings;
  readonly #parts: Parts;
  readonly #say: Say;
  readonly #counters = noCounts();
  readonly #clock: Clock = () => performance.now();
  readonly #drain = new AbortController();
  #drainFrom = 0;
  #asked = 0;
  /** Orders whose cancel the exchange had not confirmed when the last term ended. */
  #leftOpen = 0;
  #session: Session | undefined;
  #log: LogStore | undefined;
  #term: Term | undefined;

  constructor(settings: Settings, parts: Parts, say: Say) {
    this.#settings = settings;
    this.#parts = parts;
    this.#say = say;
  }

  async run(): Promise<number> {
    const servers = await this.#serve();
    process.on("SIGTERM", () => this.#shutdown("SIGTERM"));
    process.on("SIGINT", () => this.#shutdown("SIGINT"));
    // Sent with a write beyond the limit of a file's size; the write then fails as on a full disk, which is handled.
    process.on("SIGXFSZ", () => {});
    this.#say("info", "Started.", { markets: this.#settings.markets });
    try {
      while (!this.#drain.signal.aborted) {
        const code = await this.#oneTerm();
        if (code !== undefined) return code;
      }
      if (this.#leftOpen > 0) return EXIT.ordersOpen;
      this.#say("info", "Drained: no term had begun.");
      return EXIT.drained;
    } finally {
      await this.#release();
      for (const server of servers) server.close();
    }
  }

  /** One tenure of the lease. undefined: it was lost, or the drain came before it began. */
  async #oneTerm(): Promise<number | undefined> {
    const settings = this.#settings;
    const keeper = {
      store: leaseStore(settings),
      identity: identity(settings),
      times: settings.lease,
      clock: this.#clock,
      say: this.#say,
    };
    const term = await this.#parts.acquire(keeper, this.#drain.signal);
    if (term === undefined) return undefined;
    this.#term = term;
    this.#leftOpen = 0;
    this.#counters.terms += 1;
    // Only the holder may read the log: what it says is true only while nobody else writes.
    const { dataDir: directory, snapshotBytes } = settings;
    const mayWrite = () => this.#parts.mayTrade(term.deadline(), this.#clock());
    const log = await this.#parts.openLog({
      ...{ disk: nodeDisk, directory, say: this.#say, snapshotBytes },
      mayWrite,
    });
    this.#log = log;
    const fresh = isEmpty(log.book);
    const epoch = this.#parts.nextEpoch(log.book.epoch, Date.now());
    const session = await this.#begin(term, log, epoch, fresh);
    return this.#trade(session, term, log);
  }

  async #begin(term: Term, log: LogStore, epoch: number, fresh: boolean): Promise<Session> {
    const failed = await log.append([{ t: "epoch", epoch }]).then(
      () => undefined,
      (error: unknown) => reason(error),
    );
    const session = new Session({
      settings: this.#settings,
      parts: this.#parts,
      term,
      log,
      fresh,
      ids: orderIds(this.#settings, epoch),
      clock: this.#clock,
      say: this.#say,
      counters: this.#counters,
    });
    this.#session = session;
    session.start();
    if (failed !== undefined) session.halt(failed);
    return session;
  }

  async #trade(session: Session, term: Term, log: LogStore): Promise<number | undefined> {
    const stop = new AbortController();
    const quoting = quote(session, this.#settings, stop.signal);
    const drained = new Promise<"drain">((resolve) => {
      if (this.#drain.signal.aborted) resolve("drain");
      this.#drain.signal.addEventListener("abort", () => resolve("drain"));
    });
    const ended = await Promise.race([drained, term.lost.then(() => "lost" as const)]);
    stop.abort();
    if (ended === "drain") return this.#finish(session, log);
    const lost = `The lease is lost: ${await term.lost}.`;
    // An engine that had halted before, by its log for example, has lost it all the same.
    if (session.phase === "halted") this.#say("error", lost);
    session.halt(lost);
    session.abandonLog();
    await log.close();
    const open = await session.cancelAll(this.#clock() + CANCEL_AFTER_LOSS_MS);
    this.#leftOpen = open;
    this.#say(open === 0 ? "info" : "error", "The term is over.", { openOrders: open });
    session.stop();
    this.#session = undefined;
    await quoting;
    return undefined;
  }

  async #finish(session: Session, log: LogStore): Promise<number> {
    const { cancelMs } = drainPlan(this.#settings.drainBudgetMs);
    const open = await this.#parts.drain(session, this.#drainFrom + cancelMs);
    session.stop();
    await log.close();
    const ms = Math.round(this.#clock() - this.#drainFrom);
    if (open === 0) this.#say("info", "Drained: every order is closed and the log is flushed.", { ms });
    else
      this.#say("error", "The budget is used up with orders open.", {
        ms,
        ids: [...session.book.orders.keys()],
      });
    return open === 0 ? EXIT.drained : EXIT.ordersOpen;
  }

  /** Gives the lease back, but never waits for it longer than the budget has left. */
  async #release(): Promise<void> {
    const left = this.#drainFrom + this.#settings.drainBudgetMs - this.#clock();
    const patience = this.#drain.signal.aborted ? left : this.#settings.lease.retryMs;
    await Promise.race([this.#term?.release(), sleep(Math.max(0, patience - 50))]);
  }

  #shutdown(by: string): void {
    this.#parts.shutdownAsked(this.#asked);
    this.#asked += 1;
    if (this.#drain.signal.aborted) return;
    this.#drainFrom = this.#clock();
    this.#say("info", "Draining.", { by, openOrders: this.#session?.book.orders.size ?? 0 });
    this.#drain.abort();
    // Whatever hangs, the kubelet's SIGKILL must not be what ends us: orders are then open and nobody says so.
    const last = setTimeout(() => {
      this.#say("error", "The drain did not end within its budget.");
      process.exit(EXIT.ordersOpen);
    }, this.#settings.drainBudgetMs);
    last.unref();
  }

  async #serve(): Promise<Server[]> {
    const { host, httpPort, metricsPort } = this.#settings;
    const metrics = (): Answer => ({
      status: 200,
      type: "text/plain; version=0.0.4",
      body: metricsOf(this.#state(), this.#settings),
    });
    const routes = {
      "/health": () => ({ status: 200, body: "ok\n" }),
      "/ready": () => this.#ready(),
      "/metrics": metrics,
      "/positions": () => this.#positions(),
      "/shutdown": () => {
        this.#shutdown("/shutdown");
        return { status: 202, body: "draining\n" };
      },
    };
    return Promise.all([serve(host, httpPort, routes), serve(host, metricsPort, { "/metrics": metrics })]);
  }

  #state() {
    const deadline = this.#term?.deadline();
    return {
      phase: this.#session?.phase ?? (this.#drain.signal.aborted ? "draining" : "standby"),
      book: this.#session?.book,
      counters: this.#counters,
      syncs: this.#log?.syncs ?? { count: 0, seconds: 0 },
      leaseSeconds: deadline === undefined ? 0 : Math.max(0, deadline - this.#clock()) / 1000,
    };
  }

  /** A short loss of the exchange keeps it ready: a replacement would do no better. */
  #ready(): Answer {
    const { phase } = this.#state();
    const draining = this.#drain.signal.aborted;
    if (this.#parts.isReady(!draining && (phase === "trading" || phase === "disconnected"))) {
      return { status: 200, body: "ready\n" };
    }
    return { status: 503, body: `${phase}: ${this.#session?.why ?? "waiting for the lease"}\n` };
  }

  #positions(): Answer {
    const { phase, book } = this.#state();
    const { podName: pod, ordinal, markets } = this.#settings;
    const openOrders = [...(book?.orders.keys() ?? [])];
    const body = { pod, ordinal, markets, phase, positions: book?.positions ?? {}, openOrders };
    // Before the replay it has nothing to say: an empty answer would read as flat.
    return {
      status: book === undefined ? 503 : 200,
      type: "application/json",
      body: `${JSON.stringify(body)}\n`,
    };
  }
}
