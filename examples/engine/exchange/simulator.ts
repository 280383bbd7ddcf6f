import { createServer, type Server, type Socket } from "node:net";
import type { Order } from "../core/book";
import { reason } from "../core/json";
import {
  type Code,
  lineSplitter,
  type Reply,
  type Request,
  readRequest,
  type Signed,
  signature,
} from "../core/messages";
import { boundPort } from "../shell/http";
import { type Faults, NO_FAULTS } from "./faults";
import { Ledger } from "./ledger";

/** How far in the future a request may be signed. */
const AHEAD_MS = 250;

interface Connection {
  readonly number: number;
  readonly socket: Socket;
  account: string | undefined;
  deadManMs: number;
  deadMan: NodeJS.Timeout | undefined;
  orders: number;
}

export interface SimulatorOptions {
  readonly host?: string;
  readonly port?: number;
  readonly secret?: string;
  /** Called when an order arrives, before anything is answered or booked. */
  readonly onOrder?: (order: Order) => void;
}

/** An exchange that runs in this process: accepts, fills, cancels, confirms, and misbehaves as told. */
export class ExchangeSimulator {
  readonly ledger = new Ledger();
  readonly faults: Faults = { ...NO_FAULTS };
  readonly #options: SimulatorOptions;
  readonly #connections = new Set<Connection>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #server: Server;
  #orders = 0;
  #accepted = 0;
  onOrder: ((order: Order) => void) | undefined;

  private constructor(options: SimulatorOptions) {
    this.#options = options;
    this.onOrder = options.onOrder;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(options: SimulatorOptions = {}): Promise<ExchangeSimulator> {
    const simulator = new ExchangeSimulator(options);
    await new Promise<void>((resolve, reject) => {
      simulator.#server.once("error", reject);
      simulator.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return simulator;
  }

  get url(): string {
    return `tcp://127.0.0.1:${boundPort(this.#server)}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.disconnectAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Breaks every connection, as a network would. */
  disconnectAll(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  /** A position that the account has had since before the ledger began. */
  seedPosition(account: string, market: string, qty: number): void {
    this.ledger.account(account).positions[market] = qty;
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    const connection: Connection = {
      number: this.#accepted,
      socket,
      account: undefined,
      deadManMs: 0,
      deadMan: undefined,
      orders: 0,
    };
    this.#connections.add(connection);
    socket.setNoDelay(true);
    const split = lineSplitter((line) => this.#receive(connection, line));
    socket.on("data", (chunk: Buffer) => {
      try {
        split(chunk);
      } catch (error) {
        socket.destroy(new Error(`unreadable: ${reason(error)}`));
      }
    });
    // "close" follows, and is where the consequences are.
    socket.on("error", () => {});
    socket.on("close", () => this.#closed(connection));
  }

  #closed(connection: Connection): void {
    this.#connections.delete(connection);
    clearTimeout(connection.deadMan);
    if (connection.account === undefined) return;
    const { account, number } = connection;
    this.ledger.note({ kind: "disconnected", account, connection: number });
    const another = [...this.#connections].some((each) => each.account === account);
    if (this.faults.cancelOnDisconnect && !another) this.#cancelAll(account);
  }

  #receive(connection: Connection, line: string): void {
    if (this.faults.mute) return;
    const request = readRequest(line);
    this.#rearm(connection);
    const { account } = connection;
    if (request.op === "hello") this.#hello(connection, request);
    else if (request.op === "ping") this.#send(connection, { type: "pong" });
    else if (account === undefined) connection.socket.destroy();
    else if (request.op === "order") this.#order(connection, account, request);
    else if (request.op === "cancel") this.#cancel(account, connection, request);
    else this.#status(connection, account, request);
  }

  #hello(connection: Connection, request: Extract<Request, { op: "hello" }>): void {
    if (request.sig !== signature(this.#secret, "hello", request.account, request.ts)) {
      connection.socket.destroy();
      return;
    }
    connection.account = request.account;
    connection.deadManMs = request.deadManMs;
    this.#rearm(connection);
    const { account, token } = request;
    this.ledger.note({ kind: "connected", account, connection: connection.number, token });
    this.#send(connection, { type: "welcome", time: this.#now() });
  }

  /** The dead-man switch: an account that says nothing for so long has its orders cancelled. */
  #rearm(connection: Connection): void {
    clearTimeout(connection.deadMan);
    const { account, deadManMs, number } = connection;
    if (account === undefined || deadManMs === 0) return;
    connection.deadMan = setTimeout(() => {
      this.ledger.note({ kind: "dead-man", account, connection: number });
      this.#cancelAll(account);
    }, deadManMs);
  }

  #order(connection: Connection, name: string, request: Extract<Request, { op: "order" }>): void {
    const { id, market, side, qty, price, token } = request;
    const order: Order = { id, market, side, qty, price };
    this.ledger.note({ kind: "order", account: name, connection: connection.number, id, market, token });
    this.onOrder?.(order);
    connection.orders += 1;
    this.#orders += 1;
    const account = this.ledger.account(name);
    if (account.orders.has(id)) this.ledger.note({ kind: "duplicate", account: name, id });
    const code = account.orders.has(id) ? "duplicate" : this.#refusal(name, "order", id, request);
    const { rejectEvery, fillEvery, dropAfterOrders } = this.faults;
    const scripted = rejectEvery > 0 && this.#orders % rejectEvery === 0;
    if (code !== undefined || scripted) {
      const said = code ?? "scripted";
      this.ledger.note({ kind: "rejected", account: name, id, code: said });
      if (said !== "duplicate") account.orders.set(id, { order, state: "rejected" });
      this.#send(connection, { type: "rejected", id, code: said, time: this.#now() });
      return;
    }
    account.orders.set(id, { order, state: "open" });
    this.ledger.note({ kind: "accepted", account: name, id });
    if (dropAfterOrders > 0 && connection.orders >= dropAfterOrders) {
      connection.socket.destroy();
      return;
    }
    this.#confirm(name, { type: "accepted", id });
    if (fillEvery > 0 && this.#orders % fillEvery === 0) {
      const fill = this.ledger.fill(name, order);
      this.ledger.note({ kind: "fill", account: name, id });
      this.#confirm(name, { type: "fill", ...fill });
    }
  }

  #cancel(account: string, connection: Connection, request: Extract<Request, { op: "cancel" }>): void {
    const { id } = request;
    this.ledger.note({ kind: "cancel", account, id, token: request.token });
    const code = this.#refusal(account, "cancel", id, request);
    const unknown = this.ledger.state(account, id) !== "open";
    if (code !== undefined || unknown) {
      this.#send(connection, { type: "cancel-rejected", id, code: code ?? "unknown", time: this.#now() });
      return;
    }
    this.#after(this.faults.cancelMs, () => {
      if (this.ledger.state(account, id) === "open") this.#cancelled(account, id);
    });
  }

  #cancelled(account: string, id: string): void {
    this.ledger.close(account, id, "cancelled");
    this.ledger.note({ kind: "cancelled", account, id });
    this.#confirm(account, { type: "cancelled", id });
  }

  #cancelAll(account: string): void {
    for (const { id } of this.ledger.open(account)) this.#cancelled(account, id);
  }

  #status(connection: Connection, name: string, request: Extract<Request, { op: "status" }>): void {
    this.ledger.note({ kind: "status", account: name });
    const { fills, positions } = this.ledger.account(name);
    this.#send(connection, {
      type: "status",
      open: this.ledger.open(name),
      states: Object.fromEntries(request.ids.map((id) => [id, this.ledger.state(name, id)])),
      fills: fills.filter(({ seq }) => seq > request.sinceFill),
      positions: { ...positions },
    });
  }

  #refusal(account: string, op: string, id: string, request: Signed): Code | undefined {
    const { ts, window, token, sig } = request;
    if (sig !== signature(this.#secret, op, id, ts)) return "signature";
    const age = this.#now() - ts + this.faults.lateMs;
    if (age > window || age < -AHEAD_MS) return "timestamp";
    const books = this.ledger.account(account);
    if (this.faults.fencing && token < books.highestToken) return "fenced";
    books.highestToken = Math.max(books.highestToken, token);
    return undefined;
  }

  /** To whoever is connected for the account when the time comes. */
  #confirm(account: string, reply: Reply): void {
    this.#after(this.faults.confirmMs, () => {
      if (reply.type === "cancelled") this.ledger.note({ kind: "confirmed", account, id: reply.id });
      for (const connection of this.#connections) {
        if (connection.account === account) this.#send(connection, reply);
      }
    });
  }

  #after(ms: number, then: () => void): void {
    if (ms <= 0) {
      then();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
  }

  #send({ socket }: Connection, reply: Reply): void {
    if (!this.faults.mute && socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  }

  #now(): number {
    return Date.now() + this.faults.skewMs;
  }

  get #secret(): string {
    return this.#options.secret ?? "simulator";
  }
}
