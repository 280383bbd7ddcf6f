import { KubeClient } from "../kube-client";
import { accessOf } from "../kubeconfig";
import type { LabFolder } from "../paths";
import { hasReal } from "../real/configs";
import { apiServer } from "../settings";
import { stackPlan } from "../stack-plan";
import type { TimerSet } from "../timers";
import { labTools } from "../tools";
import { up } from "../up";
import type { Fact } from "./drill";
import { prepareStage } from "./prepare";
import type { Stage } from "./stage";
import { type SubjectName, subjectOf } from "./subject";
import { observeVerbatim } from "./verbatim";

/** The environment whose nodes and engines the drills break. */
export const STACK = "dev";

export interface OpenOptions {
  readonly timers: TimerSet;
  readonly subject: SubjectName;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Told what the seed does before its overlay is laid over it, which is not tried without it. */
  readonly onVerbatim?: (facts: readonly Fact[]) => void;
}

/**
 * Brings a lab up with a subject's engines on it, which trade. Two real nodes in the first zone, so that an engine of it
 * has somewhere to go; one in each other.
 */
export async function openStage(lab: LabFolder, options: OpenOptions): Promise<Stage> {
  const { timers, signal, say } = options;
  const zones = stackPlan(STACK).zones;
  const real = Object.fromEntries(zones.map((zone, index) => [zone, index === 0 ? 2 : 1]));
  const { settings } = await up(lab, { command: "up", stack: STACK, timers, real }, { say, signal });
  if (!hasReal(settings)) throw new Error("the lab has no real nodes");
  const client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
  try {
    const tools = await labTools(say, true);
    if (options.subject === "seed" && options.onVerbatim !== undefined) {
      const facts = await observeVerbatim(client);
      if (facts !== undefined) options.onVerbatim(facts);
    }
    say("engines are started, and trade before the first drill begins");
    return await prepareStage({ lab, settings, tools, client }, subjectOf(options.subject, STACK), say);
  } catch (error) {
    client.close();
    throw error;
  }
}
