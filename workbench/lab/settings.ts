import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { z } from "zod";
import { UserError } from "../offline/errors";
import type { LabFolder } from "./paths";

/** Raised whenever a lab of an older checkout could not be taken over by a newer one. */
const LAYOUT = 2;

const port = z.int().min(1).max(65535);
const settingsSchema = z.object({
  layout: z.literal(LAYOUT),
  /** Environment whose stack file the nodes are made after. */
  stack: z.string().min(1),
  /** Trading nodes of each zone; 0 when somebody else makes them. */
  nodesPerZone: z.int().min(0),
  timers: z.enum(["real", "scaled", "slow"]),
  /** Set when the lab has real nodes: which, and the third number of the lab's addresses. */
  real: z.optional(
    z.object({
      subnet: z.int().min(1).max(250),
      cpuManager: z.enum(["none", "static"]),
      zones: z.record(z.string(), z.int().min(0)),
    }),
  ),
  ports: z.object({ api: port, etcd: port, etcdPeer: port }),
});

/** What a lab was made with, and keeps until it is taken down. */
export type LabSettings = z.infer<typeof settingsSchema>;

/**
 * The address at which the API server is reached. With real nodes it is the one of its own Service: nothing translates
 * addresses in the lab, and so host, nodes and pods all use the same one.
 */
export function apiHost({ real }: Pick<LabSettings, "real">): string {
  return real === undefined ? "127.0.0.1" : `10.97.${real.subnet}.1`;
}

/** Base URL of the API server. */
export function apiServer(settings: Pick<LabSettings, "real" | "ports">): string {
  return `https://${apiHost(settings)}:${settings.ports.api}`;
}

/** The settings of a lab that exists, or undefined. */
export function readSettings(lab: LabFolder): LabSettings | undefined {
  let text: string;
  try {
    text = readFileSync(lab.settings, "utf8");
  } catch {
    return undefined;
  }
  const result = settingsSchema.safeParse(parsed(text));
  if (!result.success) {
    throw new UserError(
      `the lab in ${lab.root} was made by another version of this project. Take it down first: npm run lab -- down.`,
    );
  }
  return result.data;
}

export function writeSettings(lab: LabFolder, settings: Omit<LabSettings, "layout">): LabSettings {
  const complete = { layout: LAYOUT, ...settings } as const;
  const temporary = `${lab.settings}.part`;
  writeFileSync(temporary, `${JSON.stringify(complete, null, 2)}\n`);
  renameSync(temporary, lab.settings);
  return complete;
}

/** Ports that nobody uses; the API server's may be asked for. */
export async function choosePorts(api: number | undefined): Promise<LabSettings["ports"]> {
  if (api !== undefined && !(await isFree(api))) {
    throw new UserError(
      `port ${api} is taken by another process. Choose another one, or leave --port out and the lab finds a free one.`,
    );
  }
  const [first, second, third] = await freePorts(3);
  return { api: api ?? first, etcd: second, etcdPeer: third };
}

/** Whether a port of this machine can be listened on, at one of its addresses. */
export async function isFree(number: number, host = "127.0.0.1"): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(number, host, () => server.close(() => resolve(true)));
  });
}

// All are held until all are found, or the same one would be found three times.
async function freePorts(count: 3): Promise<[number, number, number]> {
  const servers = Array.from({ length: count }, () => createServer());
  const found = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [first = 0, second = 0, third = 0] = found;
  return [first, second, third];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
