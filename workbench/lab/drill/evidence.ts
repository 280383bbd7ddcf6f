import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineManifests } from "../engines/manifests";
import { stackEngine } from "../engines/spec";
import type { TimerSet } from "../timers";
import { ETCD, KUBERNETES } from "../tools";
import type { DrillText, DrillTimers, Outcome } from "./drill";

/** Identifies what a drill was run on: the engine's manifests as dev renders them, the image's digest among them. */
export function manifestHash(stack = "dev"): string {
  return createHash("sha256")
    .update(JSON.stringify(engineManifests(stackEngine(stack))))
    .digest("hex")
    .slice(0, 16);
}

/** Writes what a drill showed, one file a drill. */
export function writeEvidence(
  folder: string,
  drill: DrillText,
  outcome: Outcome,
  {
    timers,
    times,
    started,
  }: { readonly timers: TimerSet; readonly times: DrillTimers; readonly started: Date },
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
    manifests: manifestHash(),
    boundSeconds: drill.darkBound(times),
    ...outcome,
  };
  writeFileSync(join(folder, `${drill.id}.json`), `${JSON.stringify(content, null, 2)}\n`);
}
