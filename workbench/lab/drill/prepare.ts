import { builtImage } from "../../image/engine-image";
import { Exchange } from "../engines/exchange";
import { engineManifests } from "../engines/manifests";
import { stackEngine } from "../engines/spec";
import type { Manifest } from "../kube-client";
import { PROVISIONER, storageClass } from "../nodes";
import { importImage, type RealLab } from "../real/node";
import { nodeFolders } from "../real/node-folder";
import { TIMERS } from "../timers";
import type { DrillTimers } from "./drill";
import { allReady, type Engines, engineView, type Stage, until } from "./stage";

/** Seconds that a pod of a silent node is kept; with scaled timers only, and printed as scaled. */
const SCALED_TOLERATION = 5;
/** Between two looks of the pod garbage collector, which deletes the pods of a node that is out of service. */
const COLLECTION = 20;
/** From a pod's creation to its first order: sandbox, Node's start, replay, lease, exchange. Measured; see docs. */
const START = 12;
const LEASE = 15;
const READY_SECONDS = 180;

/** Puts the stack's engines on a lab with real nodes, and waits until each of them trades. */
export async function prepareStage(
  real: RealLab,
  stack: string,
  say: (line: string) => void,
): Promise<Stage> {
  const { lab, client, settings } = real;
  const spec = stackEngine(stack);
  const isScaled = settings.timers === "scaled";
  const image = await builtImage(say);
  if (image.reference !== spec.image) {
    throw new Error(`Pulumi.${stack}.yaml names ${spec.image}; this checkout builds ${image.reference}`);
  }
  for (const node of nodeFolders(lab)) await importImage(node, image.file);
  const exchange = new Exchange(lab, settings.real.subnet);
  await exchange.start(client);
  await client.create({
    ...storageClass(),
    metadata: { name: spec.storageClass },
    ...{ provisioner: PROVISIONER },
  });
  const rendered = engineManifests(spec);
  const manifests = isScaled ? rendered.map(withScaledToleration) : rendered;
  for (const manifest of manifests) await client.apply(manifest);
  const stage = {
    real,
    lab,
    client,
    exchange,
    spec,
    manifests,
    say,
    timers: drillTimers(settings.timers, tolerationOf(manifests)),
  };
  await trading(stage);
  return stage;
}

/** Waits until every engine is ready and says that it trades. */
export async function trading(stage: Engines): Promise<void> {
  await allReady(stage, READY_SECONDS);
  for (const ordinal of stage.spec.markets.keys()) {
    await until(
      `engine ${ordinal} trades`,
      () => engineView(stage, ordinal),
      ({ phase }) => phase === "trading",
      READY_SECONDS,
    );
  }
}

export function drillTimers(set: keyof typeof TIMERS, toleration: number): DrillTimers {
  const { nodeGraceSeconds, nodeMonitorSeconds } = TIMERS[set];
  return {
    detection: nodeGraceSeconds + nodeMonitorSeconds,
    toleration,
    collection: COLLECTION,
    start: START,
    lease: LEASE,
  };
}

// A copy with short tolerations: the only thing in which a scaled drill's manifests differ from the stack's.
function withScaledToleration(manifest: Manifest): Manifest {
  if (manifest.kind !== "StatefulSet") return manifest;
  const text = JSON.stringify(manifest);
  return JSON.parse(text.replace(/"tolerationSeconds":\d+/g, `"tolerationSeconds":${SCALED_TOLERATION}`));
}

export function tolerationOf(manifests: readonly Manifest[]): number {
  const found = /"tolerationSeconds":(\d+)/.exec(JSON.stringify(manifests));
  return Number(found?.[1] ?? 300);
}
