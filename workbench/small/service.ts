import { existsSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, UserError } from "../offline/errors";
import type { Groups } from "./groups";
import { type NodeGroup, nodeGroupSchema, type Report, reportSchema } from "./node-group";

const POLL_MILLISECONDS = 300;

/** Serves the groups on a socket in the lab's folder: whoever may not read that folder may not ask. */
export async function serveGroups(socket: string, groups: Groups): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    answer(groups, incoming).then(
      (report) => outgoing.end(JSON.stringify(report)),
      (error: unknown) => {
        outgoing.statusCode = 400;
        outgoing.end(JSON.stringify({ state: "FAILED", message: messageOf(error) }));
      },
    );
  });
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  return server;
}

async function answer(groups: Groups, incoming: IncomingMessage): Promise<Report> {
  const id = decodeURIComponent((incoming.url ?? "").replace(/^\/groups\//, ""));
  if (incoming.method === "PUT") groups.put(id, nodeGroupSchema.parse(JSON.parse(await textOf(incoming))));
  if (incoming.method === "DELETE") groups.remove(id);
  return groups.report(id);
}

/** Asks AWS in the small for node groups. */
export class SmallClient {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Returns when the group's nodes are as written; throws when they cannot be, or when `signal` says stop. */
  async put(id: string, group: NodeGroup, signal: AbortSignal): Promise<void> {
    await this.#settled(id, await this.#send("PUT", id, group), "ACTIVE", signal);
  }

  /** Returns when the group and its nodes are gone. */
  async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.#settled(id, await this.#send("DELETE", id), "GONE", signal);
  }

  async report(id: string): Promise<Report> {
    return await this.#send("GET", id);
  }

  async #settled(id: string, first: Report, wanted: Report["state"], signal: AbortSignal): Promise<void> {
    for (let report = first; report.state !== wanted; report = await this.report(id)) {
      if (report.state === "FAILED") throw new Error(`node group ${id}: ${report.message}`);
      await sleep(POLL_MILLISECONDS, undefined, { signal });
    }
  }

  async #send(method: string, id: string, body?: NodeGroup): Promise<Report> {
    if (!existsSync(this.#socket)) {
      throw new UserError("AWS in the small does not run: start it with npm run local.");
    }
    const path = `/groups/${encodeURIComponent(id)}`;
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request({ socketPath: this.#socket, method, path }, resolve);
      outgoing.once("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
    return reportSchema.parse(JSON.parse(await textOf(incoming)));
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
