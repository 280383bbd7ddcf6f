import { signalAll } from "../../offline/pulumi-process";
import type { LabFolder } from "../paths";
import type { Drill, DrillText, DrillTimers, Outcome } from "./drill";
import { DRILLS, STACK_DRILLS } from "./drills";
import { type OpenOptions, openStage, STACK } from "./open";
import { ENGINES, type Judged, perform, type Upkeep } from "./perform";
import { openStackStage, STACK_UPKEEP } from "./stack-prepare";

/** A lab on which drills of one kind can be done, whichever kind that is. */
export interface DrillLab {
  readonly times: DrillTimers;
  /** Does one drill, and judges it. */
  perform(drill: Pick<DrillText, "id">): Promise<Outcome>;
  /** Waits until engines are as the next drill must find them; throws a `DrillFailure` when they do not become so. */
  settle(): Promise<void>;
  /** Lets go of the lab, and leaves it running. */
  close(): Promise<void>;
}

/** A lab for drills that need the whole stack, or for those that need engines alone. */
export async function openDrillLab(
  lab: LabFolder,
  needsStack: boolean,
  options: OpenOptions,
): Promise<DrillLab> {
  return needsStack ? await stackLab(lab, options) : await enginesLab(lab, options);
}

async function enginesLab(lab: LabFolder, options: OpenOptions): Promise<DrillLab> {
  const stage = await openStage(lab, options);
  return of(stage, DRILLS, ENGINES, async () => stage.client.close());
}

async function stackLab(lab: LabFolder, { say, signal }: OpenOptions): Promise<DrillLab> {
  const stage = await openStackStage(lab, STACK, { say, signal });
  return of(stage, STACK_DRILLS, STACK_UPKEEP, async () => {
    // An update that somebody interrupted would otherwise go on without its lab.
    signalAll("SIGKILL");
    await stage.engine.close();
    stage.client.close();
  });
}

function of<Where extends Judged>(
  stage: Where,
  drills: readonly Drill<Where>[],
  upkeep: Upkeep<Where>,
  close: () => Promise<void>,
): DrillLab {
  return {
    times: stage.timers,
    perform: async ({ id }) => {
      const drill = drills.find((each) => each.id === id);
      if (drill === undefined) throw new Error(`${id} is no drill of this lab`);
      return await perform(drill, stage, upkeep);
    },
    settle: () => upkeep.settle(stage),
    close,
  };
}
