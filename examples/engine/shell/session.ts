import { apply, type Book, type LogRecord, type OpenOrder, type Order } from "../core/book";
import { refusedForTime } from "../core/clock-check";
import { dueCancels } from "../core/drain-plan";
import { reason } from "../core/json";
import type { Reply, Status } from "../core/messages";
import type { OrderIds } from "../core/order-ids";
import type { Settings } from "../core/settings";
import { ExchangeClient } from "./exchange-client";
import type { Clock, Term } from "./lease-keeper";
import type { LogStore } from "./log-store";
import type { Counters } from "./metrics";
import type { Parts } from "./parts";
import type { Say } from "./say";
import { sleep } from "./sleep";

export type Phase = "recovering" | "trading" | "disconnected" | "halted" | "draining";

export interface SessionOptions {
  readonly settings: Settings;
  readonly parts: Parts;
  readonly term: Term;
  readonly log: LogStore;
  readonly ids: OrderIds;
  /** The log had never been used when this term began. */
  readonly fresh: boolean;
  readonly clock: Clock;
  readonly say: Say;
  readonly counters: Counters;
}

const CANCEL_RETRY_MS = 1000;
const TICK_MS = 20;
const ASK_AGAIN_MS = 50;

/** One term's trading: orders out, replies in, everything through the log first. */
export class Session {
  readonly #options: SessionOptions;
  readonly #client: ExchangeClient;
  readonly #asked = new Map<string, number>();
  /** The book as it goes on in memory once the log must not or cannot be written. */
  #shadow: Book | undefined;
  #phase: Phase = "recovering";
  #why = "reconciling with the exchange";
  #work: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Offset of a clock that looked wrong once. */
  #suspectOffset: number | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#client = new ExchangeClient({
      exchange: options.settings.exchange,
      account: options.settings.podName,
      token: options.term.generation,
      say: options.say,
      onReply: (reply) => this.#enqueue(reply),
      onDisconnect: () => this.#disconnected(),
    });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Why it is not trading, for people. */
  get why(): string {
    return this.#why;
  }

  get book(): Book {
    return this.#shadow ?? this.#options.log.book;
  }

  start(): void {
    this.#client.connect();
  }

  /** Log first, then the lease's clock, then the wire; nothing may come between the last two. */
  async place(order: Omit<Order, "id">): Promise<void> {
    if (this.#phase !== "trading") return;
    const { parts, log, ids, counters } = this.#options;
    const full: Order = { id: ids(), ...order };
    const append = () => log.append([{ t: "intent", ...full, at: Date.now() }]);
    try {
      await parts.placeInOrder(append, () => this.#send(full));
      counters.orders += 1;
    } catch (error) {
      this.halt(reason(error));
    }
  }

  #send(order: Order): void {
    const { parts, term, clock } = this.#options;
    const now = clock();
    const deadline = term.deadline();
    if (!parts.mayTrade(deadline, now)) {
      // The next term finds the intent in its log, and the exchange has never heard of it.
      if (this.#phase === "trading") this.halt("The lease's renew deadline has passed.");
      return;
    }
    // Halted or draining since the log was asked: the order was never sent and stays unsent.
    const sent = this.#phase === "trading" && this.#client.order(order, (deadline ?? Infinity) - now);
    if (!sent) this.#later(() => this.#record([{ t: "closed", id: order.id, why: "never-sent" }]));
  }

  /** Asks once, and again only where no answer came. */
  cancel(id: string): void {
    const due = dueCancels([id], this.#asked, this.#options.clock(), CANCEL_RETRY_MS).length > 0;
    if (due && this.#client.cancel(id)) this.#asked.set(id, this.#options.clock());
  }

  /** No order more; every open one is cancelled, for as long as the process lives. Said once. */
  halt(why: string): void {
    if (this.#phase === "halted" || this.#phase === "draining") return;
    this.#phase = "halted";
    this.#why = why;
    this.#options.say("error", `Trading is halted: ${why}`, { openOrders: this.book.orders.size });
    this.#later(() => this.cancelAll(Number.POSITIVE_INFINITY), "beside");
  }

  /** After the term: the log belongs to the next holder, so confirmations are kept in memory only. */
  abandonLog(): void {
    this.#shadow ??= this.#options.log.book;
  }

  /** Stops trading and cancels; resolves with the number of orders still open when `until` (monotonic) has come. */
  async drain(until: number): Promise<number> {
    this.#phase = "draining";
    this.#why = "draining";
    return this.cancelAll(until);
  }

  /** Cancels, asks again where no answer came, and waits for the confirmations. */
  async cancelAll(until: number): Promise<number> {
    const { clock } = this.#options;
    while (this.book.orders.size > 0 && clock() < until && !this.#stopped) {
      for (const id of dueCancels(this.book.orders.keys(), this.#asked, clock(), CANCEL_RETRY_MS))
        this.cancel(id);
      await sleep(TICK_MS);
    }
    await this.#work;
    return this.book.orders.size;
  }

  stop(): void {
    this.#stopped = true;
    this.#client.close();
  }

  #disconnected(): void {
    // A confirmation that was under way is lost: what was asked for is asked for again.
    this.#asked.clear();
    if (this.#phase !== "trading") return;
    this.#phase = "disconnected";
    this.#why = "the exchange is not connected";
  }

  /** Replies are handled one after the other: each is on disk before the next one is looked at. */
  #enqueue(reply: Reply): void {
    this.#later(() => this.#handle(reply));
  }

  #later(task: () => Promise<unknown>, where: "queued" | "beside" = "queued"): void {
    const failed = (error: unknown) => this.halt(reason(error));
    if (where === "queued") this.#work = this.#work.then(async () => void (await task())).catch(failed);
    else task().catch(failed);
  }

  async #record(records: readonly LogRecord[]): Promise<void> {
    if (this.#shadow === undefined) {
      try {
        await this.#options.log.append(records);
        return;
      } catch (error) {
        // The exchange's word still counts: without it the halted engine would never see its orders go.
        this.abandonLog();
        this.halt(reason(error));
      }
    }
    this.#shadow = records.reduce(apply, this.book);
  }

  async #handle(reply: Reply): Promise<void> {
    const { counters } = this.#options;
    switch (reply.type) {
      case "welcome":
        return this.#welcome();
      case "status":
        return this.#status(reply);
      case "accepted":
        counters.accepted += 1;
        this.#suspectOffset = undefined;
        return this.#known(reply.id) ? this.#record([{ t: "accepted", id: reply.id }]) : undefined;
      case "cancelled":
        counters.cancelled += 1;
        return this.#close(reply.id, "cancelled");
      case "rejected":
        return this.#rejected(reply);
      case "cancel-rejected":
        this.#asked.delete(reply.id);
        return this.#askStatus();
      case "fill": {
        counters.fills += 1;
        const { type: _, ...fill } = reply;
        // A gap: something was missed, and the status brings it in order.
        if (fill.seq > this.book.lastFill + 1) return this.#askStatus();
        return fill.seq <= this.book.lastFill ? undefined : this.#record([{ t: "fill", ...fill }]);
      }
      case "pong":
        return;
    }
  }

  #known(id: string): boolean {
    return this.book.orders.has(id);
  }

  async #close(id: string, why: "cancelled" | "rejected"): Promise<void> {
    this.#asked.delete(id);
    if (this.#known(id)) await this.#record([{ t: "closed", id, why }]);
  }

  async #rejected({ id, code }: Extract<Reply, { type: "rejected" }>): Promise<void> {
    this.#options.counters.rejected += 1;
    await this.#close(id, "rejected");
    if (code === "scripted") return;
    if (code === "timestamp") return this.#refusedForTime(id);
    this.halt(`The exchange refused ${id}: ${code}.`);
  }

  #refusedForTime(id: string): void {
    const offset = Math.round(this.#client.offsetMs);
    const verdict = refusedForTime(offset, this.#suspectOffset, this.#options.settings.exchange.maxSkewMs);
    this.#suspectOffset = verdict === "late" ? undefined : offset;
    if (verdict === "wrong-clock") {
      this.halt(`The exchange refuses our clock, which is off by about ${-offset} ms.`);
    } else {
      this.#options.say("warn", "An order came too late, and the exchange refused it.", {
        id,
        offset,
        verdict,
      });
    }
  }

  async #welcome(): Promise<void> {
    const { maxSkewMs } = this.#options.settings.exchange;
    const offset = Math.round(this.#client.offsetMs);
    if (Math.abs(offset) > maxSkewMs)
      this.halt(`Our clock is off by ${-offset} ms, more than ${maxSkewMs} ms.`);
    await this.#askStatus();
  }

  async #askStatus(): Promise<void> {
    this.#client.status([...this.book.orders.keys()], this.book.lastFill);
  }

  async #status(status: Status): Promise<void> {
    const { parts, fresh, settings } = this.#options;
    const { windowMs, maxSkewMs } = settings.exchange;
    const verdict = parts.reconcile(
      this.book,
      fresh && this.#phase === "recovering",
      status,
      Date.now(),
      windowMs + maxSkewMs,
    );
    if (verdict.kind === "refuse") return this.halt(verdict.why);
    await this.#record(verdict.records);
    if (verdict.kind === "again") {
      setTimeout(() => this.#later(() => this.#askStatus()), ASK_AGAIN_MS);
    } else if (this.#phase === "recovering" || this.#phase === "disconnected") {
      // Only now: what was filled in the meantime counts.
      const foreign = parts.foreignHolding(this.book, settings.ordinal, settings.markets);
      if (foreign !== undefined) return this.halt(foreign);
      this.#phase = "trading";
      this.#why = "trading";
      this.#options.say("info", "Trading.", {
        openOrders: this.book.orders.size,
        positions: this.book.positions,
      });
    }
  }

  /** Open orders of a market, the oldest first. */
  openIn(market: string): OpenOrder[] {
    return [...this.book.orders.values()].filter((order) => order.market === market);
  }
}
