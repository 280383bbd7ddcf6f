import { createConnection, type Socket } from "node:net";
import type { Order } from "../core/book";
import { reason } from "../core/json";
import { lineSplitter, type Reply, type Request, readReply, type Signed, signature } from "../core/messages";
import type { Settings } from "../core/settings";
import type { Say } from "./say";

const RECONNECT_MS = { first: 50, longest: 2000 };

export interface ClientOptions {
  readonly exchange: Settings["exchange"];
  readonly account: string;
  readonly token: number;
  readonly say: Say;
  readonly onReply: (reply: Reply) => void;
  readonly onDisconnect: () => void;
}

/** The connection to the exchange: made again when it breaks, each time with a hello that arms the dead-man switch. */
export class ExchangeClient {
  readonly #options: ClientOptions;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #delay = RECONNECT_MS.first;
  #closed = false;
  /** Exchange's clock minus ours, from the last message that carried its time. */
  #offsetMs = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  connect(): void {
    const { host, port } = this.#options.exchange;
    const socket = createConnection({ host, port, noDelay: true });
    this.#socket = socket;
    const split = lineSplitter((line) => this.#receive(line));
    socket.on("connect", () => this.#hello());
    socket.on("data", (chunk: Buffer) => {
      try {
        split(chunk);
      } catch (error) {
        // What cannot be read cannot be trusted: a new connection begins with a full status.
        this.#options.say("error", "The exchange sent something unreadable; reconnecting.", {
          why: reason(error),
        });
        socket.destroy();
      }
    });
    socket.on("error", (error) =>
      this.#options.say("warn", "The exchange connection failed.", { why: error.message }),
    );
    socket.on("close", () => this.#lost());
  }

  /** Sends one order, or says that there is no connection. The window bounds how long it may be under way. */
  order(order: Order, windowMs: number): boolean {
    const { id, market, side, qty, price } = order;
    const window = Math.max(1, Math.floor(Math.min(windowMs, this.#options.exchange.windowMs)));
    return this.#send({
      op: "order",
      id,
      market,
      side,
      qty,
      price,
      ...this.#sign("order", id, Date.now(), window),
    });
  }

  /** A cancel takes risk away, so it is signed with the exchange's clock: a wrong clock of ours must not stop it. */
  cancel(id: string): boolean {
    const now = Math.round(Date.now() + this.#offsetMs);
    return this.#send({
      op: "cancel",
      id,
      ...this.#sign("cancel", id, now, this.#options.exchange.windowMs),
    });
  }

  status(ids: readonly string[], sinceFill: number): boolean {
    return this.#send({ op: "status", ids, sinceFill });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
    this.#socket?.destroy();
  }

  #hello(): void {
    const { account, exchange } = this.#options;
    // Signed with the exchange's clock as far as known: only orders depend on ours being right.
    const now = Math.round(Date.now() + this.#offsetMs);
    const sign = this.#sign("hello", account, now, exchange.windowMs);
    this.#send({ op: "hello", account, deadManMs: exchange.deadManMs, ...sign });
    if (exchange.deadManMs === 0) return;
    this.#heartbeat = setInterval(() => this.#send({ op: "ping" }), exchange.deadManMs / 3);
  }

  #sign(op: string, id: string, ts: number, window: number): Signed {
    return {
      ts,
      window,
      token: this.#options.token,
      sig: signature(this.#options.exchange.secret, op, id, ts),
    };
  }

  #send(request: Request): boolean {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState !== "open") return false;
    socket.write(`${JSON.stringify(request)}\n`);
    return true;
  }

  #receive(line: string): void {
    const reply = readReply(line);
    if ("time" in reply) this.#offsetMs = reply.time - Date.now();
    if (reply.type === "welcome") this.#delay = RECONNECT_MS.first;
    this.#options.onReply(reply);
  }

  #lost(): void {
    clearInterval(this.#heartbeat);
    if (this.#closed) return;
    this.#options.onDisconnect();
    this.#timer = setTimeout(() => this.connect(), this.#delay);
    this.#delay = Math.min(RECONNECT_MS.longest, this.#delay * 2);
  }
}
