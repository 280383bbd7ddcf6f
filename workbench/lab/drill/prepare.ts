import { builtImage } from "../../image/engine-image";
import { UserError } from "../../offline/errors";
import { Exchange } from "../engines/exchange";
import { PROVISIONER, storageClass } from "../nodes";
import { importImage, type RealLab } from "../real/node";
import { nodeFolders } from "../real/node-folder";
import { TIMERS } from "../timers";
import type { DrillTimers } from "./drill";
import { trades } from "./looks";
import { tolerationOf, withScaledToleration } from "./scaled";
import { allReady, type Engines, type Stage } from "./stage";
import type { Subject } from "./subject";

/** Between two looks of the pod garbage collector, which deletes the pods of a node that is out of service. */
const COLLECTION = 20;
/** From a pod's creation to its first order: sandbox, Node's start, replay, lease, exchange. Measured; see docs. */
const START = 12;
const LEASE = 15;
const READY_SECONDS = 180;

/** Puts a subject's engines on a lab with real nodes, and waits until each of them trades. */
export async function prepareStage(
  real: RealLab,
  subject: Subject,
  say: (line: string) => void,
): Promise<Stage> {
  const { lab, client, settings } = real;
  const { spec } = subject;
  const image = await builtImage(say, subject.recipe);
  if (image.reference !== spec.image) {
    throw new UserError(
      `the manifests name ${spec.image}, but this checkout builds ${image.reference}: run npm run image -- write.`,
    );
  }
  for (const node of nodeFolders(lab)) await importImage(node, image.file);
  const exchange = new Exchange(lab, settings.real.subnet);
  await exchange.start(client);
  if (!subject.hasStorageClass) {
    await client.create({
      ...storageClass(),
      metadata: { name: spec.storageClass },
      ...{ provisioner: PROVISIONER },
    });
  }
  const isScaled = settings.timers === "scaled";
  const manifests = isScaled ? subject.manifests.map(withScaledToleration) : subject.manifests;
  for (const manifest of manifests) await client.apply(manifest);
  const stage = {
    real,
    lab,
    client,
    exchange,
    subject,
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
    await trades(stage, ordinal, READY_SECONDS);
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
