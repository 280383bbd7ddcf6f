import { LINES } from "./lines";

export const HELP = `Does an engine honour the engine contract (docs/engine-contract.md)? Line by line.

  npm run conformance -- [options] COMMAND [ARG...]   starts the engine many times, against an exchange simulator and a
                                                      lease API on loopback, and stops, kills and starves it
  npm run conformance -- [options] URL                only reads an engine that runs somewhere, for example
                                                      http://trading-engine-0.trading-engine-headless.trading:8080

  --only LINE[,LINE...]   only these lines
  --metrics-url URL       where /metrics is, with URL (default: port 9090 of the same host)
  --json                  one JSON document instead of lines
  --list                  the lines, and what each promises
  --help                  this text

The engine gets the pod's environment (POD_NAME, POD_INDEX, DATA_DIR, MARKETS_FILE, DRAIN_BUDGET_SECONDS, ...) and
HTTP_PORT, METRICS_PORT, EXCHANGE_URL (newline JSON over TCP), LEASE_URL (the coordination API over HTTP) and LEASE_*_MS.

Exit code 0: no line failed. 1: at least one failed. 2: wrong call.
`;

export type Call =
  | { readonly kind: "help" }
  | { readonly kind: "list" }
  | { readonly kind: "url"; readonly url: string; readonly metricsUrl: string; readonly options: Options }
  | { readonly kind: "command"; readonly command: readonly string[]; readonly options: Options };

export interface Options {
  readonly json: boolean;
  readonly only: readonly string[];
}

/** A wrong call; the message says what to change. */
export class UsageError extends Error {}

export function readArguments(args: readonly string[]): Call {
  let json = false;
  let only: readonly string[] = [];
  let metricsUrl: string | undefined;
  const rest = [...args];
  while (rest[0]?.startsWith("-")) {
    const option = rest.shift();
    if (option === "--") break;
    if (option === "--help") return { kind: "help" };
    if (option === "--list") return { kind: "list" };
    if (option === "--json") json = true;
    else if (option === "--only") only = readOnly(rest.shift());
    else if (option === "--metrics-url") metricsUrl = rest.shift();
    else throw new UsageError(`${option} is not an option.`);
  }
  const [first] = rest;
  if (first === undefined) throw new UsageError("Name the engine's start command, or its URL.");
  const options = { json, only };
  if (!/^https?:\/\//.test(first)) return { kind: "command", command: rest, options };
  if (!URL.canParse(first)) throw new UsageError(`${first} is not a URL.`);
  if (rest.length > 1) throw new UsageError(`A URL stands alone; ${rest.slice(1).join(" ")} is too much.`);
  return { kind: "url", url: first.replace(/\/$/, ""), metricsUrl: metricsUrl ?? metricsOf(first), options };
}

function readOnly(value: string | undefined): string[] {
  const ids = (value ?? "").split(",").filter((id) => id !== "");
  const unknown = ids.find((id) => !LINES.some((line) => line.id === id));
  if (ids.length === 0) throw new UsageError("--only needs at least one line.");
  if (unknown !== undefined) throw new UsageError(`${unknown} is not a line; --list names them.`);
  return ids;
}

function metricsOf(url: string): string {
  const metrics = new URL("/metrics", url);
  metrics.port = "9090";
  return metrics.href;
}
