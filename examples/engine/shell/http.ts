import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: "text/plain; version=0.0.4" | "application/json";
}

export type Route = () => Answer;

/** Serves GET (and POST, alike) of fixed paths. Resolves when the port is bound. */
export async function serve(
  host: string,
  port: number,
  routes: Readonly<Record<string, Route>>,
): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    const path = new URL(request.url ?? "/", "http://engine").pathname;
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    const allowed = request.method === "GET" || request.method === "POST";
    const answer: Answer =
      route === undefined
        ? { status: 404, body: "not found\n" }
        : allowed
          ? route()
          : { status: 405, body: "GET or POST\n" };
    // A kept connection would outlive the drain: a probe asks once.
    response.writeHead(answer.status, { "content-type": answer.type ?? "text/plain", connection: "close" });
    response.end(answer.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

/** The port that was bound, for servers that asked for any. */
export function boundPort(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
