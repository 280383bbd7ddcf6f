import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LeaseApi } from "../../examples/engine/exchange/lease-api";
import { type Audit, type Entry, isClean } from "../../examples/engine/exchange/ledger";
import { ExchangeSimulator } from "../../examples/engine/exchange/simulator";
import { readPositions } from "../../examples/engine/risk/client";
import { freePort, Program, until } from "./process";
import { removeFolder, temporaryFolder } from "./temporary";

/** Times of the test bench, in milliseconds: far shorter than in production, with the same proportions. */
export interface Times {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly leaseRetryMs: number;
  readonly deadManMs: number;
  readonly windowMs: number;
  readonly quoteMs: number;
  readonly drainBudgetSeconds: number;
  /** How long an engine may take from its start to its first order. */
  readonly startMs: number;
}

export const SHORT: Times = {
  leaseDurationMs: 2400,
  renewDeadlineMs: 1500,
  leaseRetryMs: 250,
  deadManMs: 1500,
  windowMs: 1000,
  quoteMs: 30,
  drainBudgetSeconds: 4,
  startMs: 9000,
};

export const POD = "engine-0";
export const NAMESPACE = "trading";
/** Names of the volume and of the market map in a bench's folder. */
export const DATA = "data";
export const MARKET_MAP = "markets.json";
export const MARKETS = { "0": ["BTCUSDT", "BTCUSD"], "1": ["ETHUSDT"], "2": [] } as const;

/** What has to be run for an engine with this environment, in a bench whose files are in `directory`. */
export type Launch = (environment: Readonly<Record<string, string>>, directory: string) => readonly string[];

/** A start command, which is run as it is, or something that needs more. */
export type Start = readonly string[] | Launch;

/** One engine at its ports. */
export interface Engine extends Program {
  readonly url: string;
  readonly metricsUrl: string;
}

/** A place in which engines run: exchange, lease API, volume, market map. One for each line that is checked. */
export class Bench {
  readonly exchange: ExchangeSimulator;
  readonly leases: LeaseApi;
  readonly directory: string;
  readonly times: Times;
  readonly #launch: Launch;
  readonly #programs: Program[] = [];

  private constructor(start: Start, times: Times, exchange: ExchangeSimulator, leases: LeaseApi) {
    this.#launch = typeof start === "function" ? start : () => start;
    this.times = times;
    this.exchange = exchange;
    this.leases = leases;
    this.directory = temporaryFolder("engine-bench-");
    writeFileSync(this.marketsFile, JSON.stringify(MARKETS));
  }

  static async open(start: Start, times: Times = SHORT): Promise<Bench> {
    return new Bench(start, times, await ExchangeSimulator.start(), await LeaseApi.start());
  }

  get dataDir(): string {
    return join(this.directory, DATA);
  }

  get marketsFile(): string {
    return join(this.directory, MARKET_MAP);
  }

  /** The pod's environment, as the stack makes it, and where to find exchange and lease here. */
  environment(ports: { http: number; metrics: number }): Record<string, string> {
    const { times } = this;
    return {
      POD_NAME: POD,
      POD_NAMESPACE: NAMESPACE,
      POD_INDEX: "0",
      NODE_NAME: "bench",
      ENGINE_NAME: "engine",
      DATA_DIR: this.dataDir,
      MARKETS_FILE: this.marketsFile,
      DRAIN_BUDGET_SECONDS: String(times.drainBudgetSeconds),
      HTTP_PORT: String(ports.http),
      METRICS_PORT: String(ports.metrics),
      BIND_HOST: "127.0.0.1",
      EXCHANGE_URL: this.exchange.url,
      LEASE_URL: this.leases.url,
      LEASE_DURATION_MS: String(times.leaseDurationMs),
      LEASE_RENEW_DEADLINE_MS: String(times.renewDeadlineMs),
      LEASE_RETRY_MS: String(times.leaseRetryMs),
      DEAD_MAN_MS: String(times.deadManMs),
      ORDER_WINDOW_MS: String(times.windowMs),
      QUOTE_INTERVAL_MS: String(times.quoteMs),
      // What an emptyDir is in the pod: kept by a restarted container, so that it need not wait for its own lease.
      IDENTITY_DIR: this.directory,
    };
  }

  /** Starts an engine and does not wait. `prefix` goes before the command, for example to set a limit. */
  async start(env: Readonly<Record<string, string>> = {}, prefix: readonly string[] = []): Promise<Engine> {
    const ports = { http: await freePort(), metrics: await freePort() };
    const environment = { ...this.environment(ports), ...env };
    const program = new Program([...prefix, ...this.#launch(environment, this.directory)], environment);
    this.#programs.push(program);
    return Object.assign(program, {
      url: `http://127.0.0.1:${ports.http}`,
      metricsUrl: `http://127.0.0.1:${ports.metrics}/metrics`,
    });
  }

  /** Starts an engine and waits until it is ready and has an order accepted. */
  async startTrading(env: Readonly<Record<string, string>> = {}): Promise<Engine> {
    const before = this.orders("accepted").length;
    const engine = await this.start(env);
    await this.untilTrading(engine, before);
    return engine;
  }

  async untilTrading(engine: Engine, before: number): Promise<void> {
    await until("an engine that is ready and trades", this.times.startMs, async () => {
      if (engine.exit !== undefined) throw new Error(`the engine ended by itself: ${engine.lastLine()}`);
      return this.orders("accepted").length > before && (await status(`${engine.url}/ready`)) === 200;
    });
  }

  orders(kind: Entry["kind"] = "order"): Entry[] {
    return this.exchange.ledger.of(kind);
  }

  openOrders(): string[] {
    return this.exchange.ledger.open(POD).map(({ id }) => id);
  }

  /** Compares the engine's own view with the exchange's books, waiting until nothing is under way. */
  async audit(engine: Engine): Promise<Audit> {
    const look = async (): Promise<Audit> => {
      const reading = await readPositions(engine.url, { patienceMs: 1000, retryMs: 50, timeoutMs: 500 });
      if (!reading.ok) throw new Error(`/positions did not answer: ${reading.why}`);
      return this.exchange.ledger.audit(POD, reading.positions);
    };
    let last = await look();
    await until("agreement", 1500, async () => {
      last = await look();
      return isClean(last);
    }).catch(() => {});
    return last;
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
    await this.exchange.stop();
    await this.leases.stop();
    removeFolder(this.directory);
  }
}

/** The HTTP status of a GET, or undefined when there was no answer. */
export async function status(url: string, method: "GET" | "POST" = "GET"): Promise<number | undefined> {
  return (await get(url, method))?.status;
}

export async function get(
  url: string,
  method: "GET" | "POST" = "GET",
): Promise<{ status: number; body: string } | undefined> {
  try {
    const response = await fetch(url, { method, signal: AbortSignal.timeout(1000) });
    return { status: response.status, body: await response.text() };
  } catch {
    return undefined;
  }
}
