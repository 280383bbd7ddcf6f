import { LINES } from "./lines";

export const HELP = `Does an engine honour the engine contract (docs/engine-contract.md)? Line by line.

  npm run conformance -- [options] COMMAND [ARG...]   starts the engine many times, against an exchange simulator and a
                                                      lease API on loopback, and stops, kills and starves it
  npm run conformance -- [options] IMAGE.tar          the same with an image: an archive in OCI layout, or what docker
                                                      save writes. Linux and root
  npm run conformance -- [options] URL                only reads an engine that runs somewhere, for example
                                                      http://trading-engine-0.trading-engine-headless.trading:8080

  --only LINE[,LINE...]   only these lines
  --image FILE            the image's archive, whatever its name ends in
  --metrics-url URL       where /metrics is, with URL (default: port 9090 of the same host)
  --json                  one JSON document instead of lines
  --list                  the lines, and what each promises
  --help                  this text

The engine gets the pod's environment (POD_NAME, POD_INDEX, DATA_DIR, MARKETS_FILE, DRAIN_BUDGET_SECONDS, ...) and
HTTP_PORT, METRICS_PORT, EXCHANGE_URL (newline JSON over TCP), LEASE_URL (the coordination API over HTTP) and LEASE_*_MS.

An image is started as the stack's pods start it: user 10001, a root that is read-only, /data, /tmp and the market map
mounted. It shares this machine's network, and finds exchange and lease API on loopback.

Exit code 0: no line failed. 1: at least one failed. 2: wrong call, or an image that cannot be started.
`;

export type Call =
  | { readonly kind: "help" }
  | { readonly kind: "list" }
  | { readonly kind: "url"; readonly url: string; readonly metricsUrl: string; readonly options: Options }
  | { readonly kind: "image"; readonly archive: string; readonly options: Options }
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
  let archive: string | undefined;
  const rest = [...args];
  while (rest[0]?.startsWith("-")) {
    const option = rest.shift();
    if (option === "--") break;
    if (option === "--help") return { kind: "help" };
    if (option === "--list") return { kind: "list" };
    if (option === "--json") json = true;
    else if (option === "--only") only = readOnly(rest.shift());
    else if (option === "--metrics-url") metricsUrl = rest.shift();
    else if (option === "--image") archive = rest.shift() ?? wrong("--image needs a file.");
    else throw new UsageError(`${option} is not an option.`);
  }
  const options = { json, only };
  if (archive !== undefined) return readImage(archive, rest, options);
  const [first] = rest;
  if (first === undefined) wrong("Name the engine's start command, its image's archive, or its URL.");
  if (/^https?:\/\//.test(first)) return readUrl(first, rest.slice(1), metricsUrl, options);
  if (rest.length === 1 && ARCHIVE.test(first)) return readImage(first, [], options);
  if (rest.length === 1 && REFERENCE.test(first)) wrong(noRegistry(first));
  return { kind: "command", command: rest, options };
}

const ARCHIVE = /\.(tar|tar\.gz|tgz|oci)$/;
/** A name in a registry: with a digest, or with a folder and a tag. A path begins with a dot or a slash. */
const REFERENCE = /^[a-z0-9][\w.-]*(:\d+)?(\/[\w.-]+)*(@sha256:[0-9a-f]{64}|(?<=\/[\w.-]+):[\w.-]+)$/;

function readImage(archive: string, rest: readonly string[], options: Options): Call {
  if (rest.length > 0) wrong(`An image stands alone; ${rest.join(" ")} is too much.`);
  if (REFERENCE.test(archive)) wrong(noRegistry(archive));
  return { kind: "image", archive, options };
}

function noRegistry(reference: string): string {
  return `No registry is asked for ${reference}: save it first with docker save -o image.tar, or ctr images export image.tar, and pass the file.`;
}

function readUrl(
  first: string,
  rest: readonly string[],
  metricsUrl: string | undefined,
  options: Options,
): Call {
  if (!URL.canParse(first)) wrong(`${first} is not a URL.`);
  if (rest.length > 0) wrong(`A URL stands alone; ${rest.join(" ")} is too much.`);
  return { kind: "url", url: first.replace(/\/$/, ""), metricsUrl: metricsUrl ?? metricsOf(first), options };
}

function wrong(message: string): never {
  throw new UsageError(message);
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
