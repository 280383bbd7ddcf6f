import { join } from "node:path";
import { startLab, startSurroundings } from "../../local/surroundings";
import { openEngine } from "../../offline/harness";
import { REPOSITORY } from "../../offline/paths";
import { readyPolicyPack } from "../../offline/policy-pack";
import { Exchange } from "../engines/exchange";
import { KubeClient } from "../kube-client";
import { accessOf } from "../kubeconfig";
import type { LabFolder } from "../paths";
import { hasReal } from "../real/configs";
import { apiServer } from "../settings";
import { stackPlan } from "../stack-plan";
import type { Upkeep } from "./perform";
import { drillTimers, trading } from "./prepare";
import { tolerationOf } from "./scaled";
import { StackStage } from "./stack-stage";
import { subjectOf } from "./subject";

/**
 * Brings the stack up as `npm run local` does, with a difference: the nodes of every zone are real kubelets, since an
 * engine on a simulated one does not trade, and nobody could say what became of its orders.
 */
export async function openStackStage(
  lab: LabFolder,
  stack: string,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<StackStage> {
  const settings = await startLab(lab, false, { say, signal });
  if (!hasReal(settings)) throw new Error("the lab has no real nodes");
  const client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
  const engine = await openEngine({ stack, lab: lab.root, stateDir: lab.account });
  try {
    await startSurroundings(lab, settings, client, say, stackPlan(stack).zones.length);
    const subject = subjectOf("ours", stack);
    const stage = new StackStage({
      ...{ lab, client, engine, subject },
      exchange: new Exchange(lab, settings.real.subnet),
      policyPack: await readyPolicyPack(join(REPOSITORY, "policy"), say),
      timers: drillTimers(settings.timers, tolerationOf(subject.manifests)),
    });
    say("the stack comes up, and its engines trade before the first drill begins");
    await STACK_UPKEEP.settle(stage);
    return stage;
  } catch (error) {
    await engine.close();
    client.close();
    throw error;
  }
}

export const STACK_UPKEEP: Upkeep<StackStage> = {
  async settle(stage) {
    await stage.settle();
    await trading(stage);
  },
  async restore(stage) {
    // What a run that was killed or failed left behind.
    await stage.engine.cancel();
    await stage.settle();
  },
};
