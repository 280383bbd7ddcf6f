import { get } from "./bench";
import { LINES } from "./lines";
import { fail, pass, type Result, skip } from "./lines/line";
import { metricsFault } from "./lines/start";

export interface Outside {
  readonly url: string;
  readonly metricsUrl: string;
}

/** The lines that can be seen from outside, at an engine that runs somewhere. It is only read, never shut down. */
export async function checkOutside({ url, metricsUrl }: Outside): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const health = await get(`${url}/health`);
  results.set(
    "health",
    health?.status === 200 ? pass() : fail(`/health answered ${health?.status ?? "nothing"}.`),
  );
  const ready = await get(`${url}/ready`);
  results.set("ready-after-recovery", readiness(ready));
  const page = (await get(metricsUrl)) ?? (await get(`${url}/metrics`));
  const fault = page?.status === 200 ? metricsFault(page.body) : `it answered ${page?.status ?? "nothing"}`;
  results.set("metrics", fault === undefined ? pass() : fail(`/metrics: ${fault}.`));
  const typo = await get(`${url}/redy`);
  results.set(
    "unknown-path",
    typo?.status === 404 ? pass() : fail(`/redy answered ${typo?.status ?? "nothing"}.`),
  );
  for (const { id } of LINES) {
    if (!results.has(id))
      results.set(id, skip("It needs the engine's start command: it stops, kills and starves it."));
  }
  return results;
}

function readiness(ready: { status: number; body: string } | undefined): Result {
  if (ready === undefined) return fail("/ready did not answer.");
  if (ready.status === 200 || ready.status === 503)
    return skip(`/ready answered ${ready.status}; when it may, needs the start command.`);
  return fail(`/ready answered ${ready.status}, neither 200 nor 503.`);
}
