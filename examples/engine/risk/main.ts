import { DEFAULT_PATIENCE, exposure, readPositions } from "./client";

const HELP = `Reads the positions of each engine by its own name, and sums them.

  risk [--patience SECONDS] URL...      for example http://trading-engine-0.trading-engine-headless.trading:8080

Retries for 45 s by default: a resolver may deny a new pod's name for 30 s. Exit code 0 when every engine answered,
1 when one did not (its exposure is unknown), 2 for a wrong call.
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const flag = args.indexOf("--patience");
  const seconds = flag === -1 ? DEFAULT_PATIENCE.patienceMs / 1000 : Number(args[flag + 1]);
  const urls = args.filter((_, index) => flag === -1 || (index !== flag && index !== flag + 1));
  const wrong = urls.find((url) => !URL.canParse(url) || !/^https?:/.test(url));
  if (urls.length === 0 || wrong !== undefined || !(seconds >= 0)) {
    const what =
      wrong === undefined ? "Name at least one URL, and a patience in seconds." : `${wrong} is not a URL.`;
    process.stderr.write(`${what}\n\n${HELP}`);
    return 2;
  }
  const patience = { ...DEFAULT_PATIENCE, patienceMs: seconds * 1000 };
  const readings = await Promise.all(urls.map((url) => readPositions(url, patience)));
  process.stdout.write(`${JSON.stringify({ engines: readings, exposure: exposure(readings) }, null, 2)}\n`);
  return readings.every(({ ok }) => ok) ? 0 : 1;
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
