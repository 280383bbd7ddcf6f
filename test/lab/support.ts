import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import * as manifests from "../../components/engine/manifests";
import type { EngineSpec } from "../../components/engine/spec";
import { statefulSet } from "../../components/engine/stateful-set";
import type { KubeClient, Manifest } from "../../workbench/lab/kube-client";

const ROOT = join(__dirname, "..", "..");

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npm run lab -- …` as a person would, in a process of its own; a signal can be sent to it by its id. */
export async function lab(
  args: readonly string[],
  options: { readonly path?: string; readonly onLine?: (line: string, pid: number) => void } = {},
): Promise<CommandResult> {
  const entry = join(ROOT, "workbench", "lab", "cli.ts");
  const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", entry, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(options.path !== undefined && { PATH: options.path }) },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
    options.onLine?.(data.toString(), child.pid ?? 0);
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Ids of all processes that were started for a lab, whatever became of their pid files. */
export function processesOf(state: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`TRADING_LAB=${state}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Everything that the engine component makes on Kubernetes, in its order. */
export function engineManifests(spec: EngineSpec): Manifest[] {
  const rbac = "rbac.authorization.k8s.io/v1";
  const fences = [manifests.denyAll(spec), manifests.egressPolicy(spec), manifests.ingressPolicy(spec)];
  return [
    manifest("v1", "Namespace", manifests.namespace(spec)),
    manifest("v1", "ServiceAccount", manifests.serviceAccount(spec)),
    manifest(rbac, "Role", manifests.leaseRole(spec)),
    manifest(rbac, "RoleBinding", manifests.leaseRoleBinding(spec)),
    manifest("v1", "ConfigMap", manifests.marketMap(spec)),
    manifest("v1", "Service", manifests.headlessService(spec)),
    ...fences.map((fence) => manifest("networking.k8s.io/v1", "NetworkPolicy", fence)),
    manifest("scheduling.k8s.io/v1", "PriorityClass", manifests.priorityClass(spec)),
    manifest("policy/v1", "PodDisruptionBudget", manifests.disruptionBudget(spec)),
    manifest("apps/v1", "StatefulSet", statefulSet(spec)),
  ];
}

// The manifests are plain data in which only metadata is read here; JSON makes that a fact.
function manifest(apiVersion: string, kind: string, body: object): Manifest {
  const plain: unknown = JSON.parse(JSON.stringify(body));
  return manifestSchema.parse({ apiVersion, kind, ...z.looseObject({}).parse(plain) });
}

const manifestSchema = z
  .looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  })
  .transform(({ apiVersion, kind, metadata: { name, namespace, ...others }, ...rest }) => ({
    ...rest,
    apiVersion,
    kind,
    metadata: { ...others, name, ...(namespace !== undefined && { namespace }) },
  }));

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
      spec: z.object({
        nodeName: z.string().optional(),
        volumes: z.array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() })),
      }),
      status: z.object({
        qosClass: z.string().optional(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly node: string | undefined;
  readonly claim: string | undefined;
  readonly ready: boolean;
  readonly qos: string | undefined;
}

/** The pods of a namespace, by name. */
export async function podsOf(client: KubeClient, namespace: string): Promise<PodView[]> {
  const { items } = podsSchema.parse(await client.get(`/api/v1/namespaces/${namespace}/pods`));
  return items
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      uid: metadata.uid,
      node: spec.nodeName,
      claim: spec.volumes.flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []))[0],
      ready:
        metadata.deletionTimestamp === undefined &&
        status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True"),
      qos: status.qosClass,
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Asks for an eviction as a drain does; returns the API server's answer. */
export async function evict(client: KubeClient, namespace: string, name: string): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  return (await client.send("POST", path, body)).status;
}

/** Waits until something holds; returns what was seen last, for the test to judge. */
export async function eventually<T>(
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
  milliseconds = 60_000,
): Promise<T> {
  for (const deadline = Date.now() + milliseconds; ; ) {
    const seen = await look();
    if (holds(seen) || Date.now() > deadline) return seen;
    await sleep(100);
  }
}
