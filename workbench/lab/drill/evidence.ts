import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seedManifests } from "../../seed/manifests";
import { engineManifests } from "../engines/manifests";
import { stackEngine } from "../engines/spec";
import type { Manifest } from "../kube-client";
import type { TimerSet } from "../timers";
import { ETCD, KUBERNETES } from "../tools";
import type { DrillText, DrillTimers, Outcome } from "./drill";
import type { SubjectName } from "./subject";

/** Identifies what a drill was run on: the engine's manifests as dev renders them, the image's digest among them. */
export function manifestHash(stack = "dev"): string {
  return hashOf(engineManifests(stackEngine(stack)));
}

/** The same of the seed's manifests with their overlay. */
export function seedHash(): string {
  return hashOf(seedManifests());
}

function hashOf(manifests: readonly Manifest[]): string {
  return createHash("sha256").update(JSON.stringify(manifests)).digest("hex").slice(0, 16);
}

/** Writes what a drill showed, one file a drill. */
export function writeEvidence(
  folder: string,
  drill: DrillText,
  outcome: Outcome,
  {
    subject,
    timers,
    times,
    started,
  }: {
    readonly subject: SubjectName;
    readonly timers: TimerSet;
    readonly times: DrillTimers;
    readonly started: Date;
  },
): void {
  mkdirSync(folder, { recursive: true });
  const { title, steps, expectation } = drill;
  const content = {
    title,
    steps,
    expectation,
    passed: outcome.problems.length === 0,
    started: started.toISOString(),
    timers,
    times,
    versions: { kubernetes: KUBERNETES.version, etcd: ETCD.version },
    subject,
    manifests: subject === "ours" ? manifestHash() : seedHash(),
    boundSeconds: drill.darkBound(times),
    ...outcome,
  };
  writeFileSync(
    join(folder, `${drill.id}${subject === "ours" ? "" : `.${subject}`}.json`),
    `${JSON.stringify(content, null, 2)}\n`,
  );
}
