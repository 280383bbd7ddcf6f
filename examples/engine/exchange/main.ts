import { createServer } from "node:http";
import { fields, number, optionalFields, parseJson, reason, text } from "../core/json";
import { jsonLines } from "../shell/say";
import { readFaults } from "./faults";
import type { EngineView } from "./ledger";
import { ExchangeSimulator } from "./simulator";

const HELP = `The exchange simulator, as a process.

  PORT        engines connect here (default 7070)
  ADMIN_PORT  GET /report, GET /health, POST /audit, POST /faults, POST /disconnect, POST /position (default 7071)
  BIND_HOST   default 0.0.0.0
  FAULTS      JSON, for example {"cancelMs": 3000, "fencing": true}
`;

const say = jsonLines({ program: "exchange" });

function port(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise);
  if (Number.isInteger(value) && value >= 0 && value < 65536) return value;
  throw new Error(`${name} is "${process.env[name]}", not a port`);
}

function engineView(from: Readonly<Record<string, unknown>>): EngineView {
  const { openOrders } = from;
  const positions = fields(from["positions"], "the positions");
  return {
    positions: Object.fromEntries(
      Object.keys(positions).map((market) => [market, number(positions, market)]),
    ),
    openOrders: Array.isArray(openOrders) ? openOrders.map(String) : [],
  };
}

/** Answers the admin's requests; throws what the admin did wrong. */
function admin(simulator: ExchangeSimulator, route: string, body: string): unknown {
  switch (route) {
    case "GET /health":
      return { ok: true };
    case "GET /report":
      return simulator.ledger.report();
    case "POST /audit": {
      const from = fields(parseJson(body), "the engine's view");
      return simulator.ledger.audit(text(from, "account"), engineView(from));
    }
    case "POST /faults":
      return Object.assign(simulator.faults, readFaults(parseJson(body)));
    case "POST /disconnect":
      simulator.disconnectAll();
      return { ok: true };
    case "POST /position": {
      const from = fields(parseJson(body), "the position");
      simulator.seedPosition(text(from, "account"), text(from, "market"), number(from, "qty"));
      return { ok: true };
    }
    default:
      return undefined;
  }
}

async function main(): Promise<void> {
  if (process.argv.includes("--help")) {
    process.stdout.write(HELP);
    return;
  }
  const host = process.env["BIND_HOST"] ?? "0.0.0.0";
  const simulator = await ExchangeSimulator.start({ host, port: port("PORT", 7070) });
  Object.assign(simulator.faults, readFaults(optionalFields(parseJson(process.env["FAULTS"] ?? "{}"))));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      let status = 200;
      let answer: unknown;
      try {
        answer = admin(simulator, `${request.method} ${request.url}`, Buffer.concat(chunks).toString());
        if (answer === undefined) status = 404;
      } catch (error) {
        status = 400;
        answer = { message: reason(error) };
      }
      response.writeHead(status, { "content-type": "application/json" });
      response.end(`${JSON.stringify(answer ?? { message: "not found" })}\n`);
    });
  });
  server.listen(port("ADMIN_PORT", 7071), host);
  say("info", "The exchange is open.", { url: simulator.url });
  process.once("SIGTERM", () => process.exit(0));
  process.once("SIGINT", () => process.exit(0));
}

main().catch((error: unknown) => {
  say("error", reason(error));
  process.exit(1);
});
