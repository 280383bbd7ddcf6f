import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "../../offline/errors";
import { REPOSITORY } from "../../offline/paths";
import type { KubeClient, Manifest } from "../kube-client";
import type { LabFolder } from "../paths";
import { lastWords, readOptional, runningPid, startProcess, stopProcesses } from "../processes";
import { hostAddress } from "../real/network";

const PROCESS = "exchange";
const NAME = "exchange";
const PORTS = { engines: 7070, admin: 7071 } as const;
const START_MILLISECONDS = 30_000;

const entrySchema = z.object({
  at: z.number(),
  kind: z.string(),
  account: z.string(),
  connection: z.number().optional(),
  id: z.string().optional(),
  market: z.string().optional(),
  token: z.number().optional(),
  /** Why it was refused. */
  code: z.string().optional(),
});
const reportSchema = z.object({
  now: z.number(),
  accounts: z.record(
    z.string(),
    z.object({
      orders: z.number(),
      open: z.array(z.string()),
      positions: z.record(z.string(), z.number()),
      sentTwice: z.array(z.string()),
    }),
  ),
  entries: z.array(entrySchema),
});
const auditSchema = z.object({
  lost: z.array(z.string()),
  ghosts: z.array(z.string()),
  sentTwice: z.array(z.string()),
  positionsDiffer: z.array(z.string()),
});

/** One line of the exchange's ledger; `at` counts milliseconds on the exchange's own clock. */
export type LedgerEntry = z.infer<typeof entrySchema>;
export type ExchangeReport = z.infer<typeof reportSchema>;
export type Audit = z.infer<typeof auditSchema>;

/** The exchange simulator as a process of the lab, under the name at which engines look for it. */
export class Exchange {
  readonly #lab: LabFolder;
  readonly #admin: string;
  readonly #host: string;

  constructor(lab: LabFolder, subnet: number) {
    this.#lab = lab;
    this.#host = hostAddress(subnet);
    this.#admin = `http://${this.#host}:${PORTS.admin}`;
  }

  /** Starts it, unless it runs, and makes its name known to the cluster. */
  async start(client: KubeClient): Promise<void> {
    for (const manifest of nameManifests(this.#host)) await client.apply(manifest);
    if (this.pid() !== undefined) return;
    startProcess(this.#lab, {
      name: PROCESS,
      binary: process.execPath,
      args: [
        "-r",
        require.resolve("ts-node/register/transpile-only"),
        join(REPOSITORY, "examples", "engine", "exchange", "main.ts"),
      ],
      cwd: REPOSITORY,
      env: { BIND_HOST: this.#host, PORT: String(PORTS.engines), ADMIN_PORT: String(PORTS.admin) },
    });
    await this.#answers();
  }

  async stop(): Promise<void> {
    await stopProcesses(this.#lab, [PROCESS]);
  }

  pid(): number | undefined {
    return runningPid(this.#lab, PROCESS);
  }

  async report(): Promise<ExchangeReport> {
    return reportSchema.parse(await this.#send("GET", "/report"));
  }

  /** Compares its books with what an engine says of itself. */
  async audit(account: string, view: object): Promise<Audit> {
    return auditSchema.parse(await this.#send("POST", "/audit", { account, ...view }));
  }

  /** Faults from now on; the names are those of `examples/engine/exchange/faults.ts`. */
  async faults(faults: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#send("POST", "/faults", faults);
  }

  async #answers(): Promise<void> {
    for (const deadline = Date.now() + START_MILLISECONDS; ; ) {
      await sleep(100);
      if (await this.#send("GET", "/health").catch(() => undefined)) return;
      if (this.pid() === undefined || Date.now() > deadline) {
        const log = this.#lab.log(PROCESS);
        throw new UserError(
          `the exchange simulator did not start: ${lastWords(readOptional(log) ?? "")}\nIts log is ${log}`,
        );
      }
    }
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.#admin + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok)
      throw new Error(`the exchange answers ${path} with ${response.status}: ${await response.text()}`);
    return await response.json();
  }
}

// A Service without a selector: its address is the process's, which is no pod.
function nameManifests(address: string): (Manifest & Readonly<Record<string, unknown>>)[] {
  const place = { name: NAME, namespace: NAME };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAME } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: place,
      spec: { clusterIP: "None", ports: [{ name: "orders", port: PORTS.engines }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...place, ...{ labels: { "kubernetes.io/service-name": NAME } } },
      addressType: "IPv4",
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: "orders", port: PORTS.engines, protocol: "TCP" }],
    },
  ];
}
