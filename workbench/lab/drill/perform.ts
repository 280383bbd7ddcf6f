import { NO_FAULTS } from "../../../examples/engine/exchange/faults";
import { messageOf } from "../../offline/errors";
import type { Audit } from "../engines/exchange";
import { startNode } from "../real/node";
import { nodeFolders } from "../real/node-folder";
import { untaint } from "./actions";
import { darkSeconds, staleOrders } from "./dark";
import { type Drill, type Observation, type Outcome, problemsOf } from "./drill";
import { trading } from "./prepare";
import { DrillFailure, type Engines, engineView, podName, type Stage, until } from "./stage";
import { watchingStalls } from "./stalls";
import { secondWriters } from "./writers";

const SETTLE_SECONDS = 20;
const isClean = (audit: Audit): boolean => Object.values(audit).every((list) => list.length === 0);

/** Engines that trade, and the exchange that judges them. */
export type Judged = Engines & Pick<Stage, "exchange" | "subject" | "timers">;

/** How a stage is kept fit for the next drill. */
export interface Upkeep<Where> {
  /** Before a drill: everything is as the first one found it, and every engine trades. */
  settle(stage: Where): Promise<void>;
  /** After a drill that failed, and may have left anything behind. */
  restore(stage: Where): Promise<void>;
}

export const ENGINES: Upkeep<Stage> = { settle: trading, restore };

/** Runs one drill on engines that trade, and judges it by what the exchange saw. */
export async function perform<Where extends Judged>(
  drill: Drill<Where>,
  stage: Where,
  upkeep: Upkeep<Where>,
): Promise<Outcome> {
  await upkeep.settle(stage);
  return await watchingStalls((longestSeconds) => judge(drill, stage, upkeep, longestSeconds));
}

async function judge<Where extends Judged>(
  drill: Drill<Where>,
  stage: Where,
  upkeep: Upkeep<Where>,
  longestStall: () => number,
): Promise<Outcome> {
  // Of the markets that there were: a drill may add some.
  const { exchange, spec } = stage;
  const began = Date.now();
  const from = (await exchange.report()).now;
  // Until the drill says whom it touched, it may have been anybody.
  let observed: Observation = { facts: [], touched: [...spec.markets.keys()] };
  const failures: string[] = [];
  try {
    observed = await drill.run(stage);
    await trading(stage);
  } catch (error) {
    if (!(error instanceof DrillFailure)) throw error;
    failures.push(messageOf(error));
    await upkeep.restore(stage);
  }
  const orders = await auditAll(stage, failures.length === 0);
  const report = await exchange.report();
  const dark = darkSeconds(report, spec.markets.flat(), from, report.now);
  const markets = spec.markets.flatMap((list, ordinal) =>
    list.map((market) => ({ market, ordinal, darkSeconds: dark.get(market) ?? 0 })),
  );
  const outcome = {
    ...orders,
    // Where each container has a lease of its own, its terms have no order.
    doubled: [...orders.doubled, ...(stage.subject.hasSharedLease ? staleOrders(report, from) : [])],
    secondWriters: secondWriters(report, from),
    ...observed,
    markets,
    stalledSeconds: longestStall(),
  };
  return {
    id: drill.id,
    seconds: (Date.now() - began) / 1000,
    ...outcome,
    problems: [...failures, ...problemsOf(drill, stage.timers, outcome)],
  };
}

// A drill that failed may have left anything behind: the next one must not pay for it.
async function restore(stage: Stage): Promise<void> {
  await stage.exchange.faults({ ...NO_FAULTS });
  for (const node of nodeFolders(stage.lab)) {
    await startNode(stage.real, node.request);
    await untaint(stage, node.request.name);
  }
  for (const manifest of stage.manifests) await stage.client.apply(manifest);
}

// Books are compared while orders come and go: what is under way differs for a moment, what is lost stays lost.
async function auditAll(stage: Judged, isPatient: boolean): Promise<Pick<Outcome, "lost" | "doubled">> {
  const lost: string[] = [];
  const doubled: string[] = [];
  for (const ordinal of stage.spec.markets.keys()) {
    const account = podName(stage, ordinal);
    const look = async (): Promise<Audit> =>
      await stage.exchange.audit(account, await engineView(stage, ordinal));
    let last: Audit | undefined;
    await until(
      "the books agree",
      async () => {
        last = await look();
        return last;
      },
      isClean,
      isPatient ? SETTLE_SECONDS : 0,
    ).catch((error: unknown) => {
      if (!(error instanceof DrillFailure)) throw error;
    });
    if (last === undefined) {
      lost.push(`${account} does not answer, so its orders are nobody's`);
      continue;
    }
    lost.push(...[...last.lost, ...last.ghosts].map((id) => `${account} ${id}`));
    lost.push(...last.positionsDiffer.map((market) => `${account}: position of ${market}`));
    doubled.push(...last.sentTwice.map((id) => `${account} ${id}`));
  }
  return { lost, doubled };
}
