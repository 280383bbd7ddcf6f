import { builtImage } from "../image/engine-image";
import { Exchange } from "../lab/engines/exchange";
import type { KubeClient } from "../lab/kube-client";
import type { LabFolder } from "../lab/paths";
import { hasReal } from "../lab/real/configs";
import { obstacle } from "../lab/real/runtime";
import type { LabSettings } from "../lab/settings";
import { stackPlan } from "../lab/stack-plan";
import { up } from "../lab/up";
import { startSmall } from "../small/process";
import { snapshotDefinitions } from "../small/snapshot-crds";

/** The environment that is brought up. */
export const STACK = "dev";
/** Zones of which the nodes are real kubelets: one of them can be lost, and the third is cheap. */
export const REAL_ZONES = 2;
/** EKS's own limit for the pods of one node to leave. */
const EVICTION_SECONDS = 15 * 60;

type Say = (line: string) => void;

/** Starts a lab without nodes: the stack's node groups make them. */
export async function startLab(
  lab: LabFolder,
  simulated: boolean,
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Promise<LabSettings> {
  const reason = simulated ? undefined : obstacle();
  if (reason !== undefined) say(`All nodes are simulated, so no engine really runs: ${reason}.`);
  const { settings, changes } = await up(
    lab,
    { command: "up", stack: STACK, nodesPerZone: 0, ...(!simulated && reason === undefined && { real: {} }) },
    { say, signal },
  );
  say(changes.length === 0 ? "The lab is up already." : "The lab is up.");
  return settings;
}

/**
 * What a cluster on AWS finds around itself: an account that makes nodes, an exchange, definitions of add-ons.
 *
 * @param zones how many zones' nodes are real kubelets, where any can be
 */
export async function startSurroundings(
  lab: LabFolder,
  settings: LabSettings,
  client: KubeClient,
  say: Say,
  zones = REAL_ZONES,
): Promise<void> {
  for (const definition of snapshotDefinitions()) await client.apply(definition);
  const isReal = hasReal(settings);
  const image = isReal ? (await builtImage(say)).file : "";
  const realZones = isReal ? stackPlan(STACK).zones.slice(0, zones) : [];
  if (isReal) await new Exchange(lab, settings.real.subnet).start(client);
  if (await startSmall(lab, { realZones, image, evictionSeconds: EVICTION_SECONDS })) {
    say("AWS in the small runs.");
  }
}
