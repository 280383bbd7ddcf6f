import { createServer } from "node:http";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { BUCKETS } from "./histogram";

/**
 * Stands in an engine's pod in the engine's place: answers its probes, and on another thread polls as a busy engine
 * does. `GET /gaps` gives the loop's histogram since the start; whoever asks twice has what came in between.
 */

const PORT = 8080;

const counts = new Float64Array(new SharedArrayBuffer(BUCKETS * Float64Array.BYTES_PER_ELEMENT));
new Worker(join(__dirname, `turns${__filename.slice(-3)}`), { workerData: { counts } });

createServer((request, response) => {
  const path = request.url ?? "";
  if (path === "/gaps") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ at: performance.now(), counts: [...counts] }));
    return;
  }
  response.end("ok\n");
}).listen(PORT);

// The first process of a container takes no signal that it has not asked for.
process.on("SIGTERM", () => process.exit(0));
