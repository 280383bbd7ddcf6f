import { setTimeout as sleep } from "node:timers/promises";
import { container, type Engines, type EngineView, engineView, podName, type Stage, until } from "./stage";

/** Waits until an ordinal's engine trades. */
export async function trades(stage: Engines, ordinal: number, seconds = 150): Promise<EngineView> {
  return await until(
    `engine ${ordinal} trades`,
    () => engineView(stage, ordinal),
    ({ phase }) => phase === "trading",
    seconds,
  );
}

/** What `/ready` says, in words. */
export async function readiness(stage: Stage, ordinal: number): Promise<string> {
  const { address } = await container(stage, ordinal);
  const response = await fetch(`http://${address}:8080/ready`, { signal: AbortSignal.timeout(3000) });
  return (await response.text()).trim();
}

/** Waits until an ordinal's engine says that it halted; returns why. */
export async function halted(stage: Stage, ordinal: number, seconds = 90): Promise<string> {
  return await until(
    `engine ${ordinal} halted`,
    () => readiness(stage, ordinal),
    (words) => words.startsWith("halted"),
    seconds,
  );
}

/** Deletes an ordinal's pod as somebody would by hand: no budget is asked. Its grace period, unless another is given. */
export async function deleteEngine(
  stage: Stage,
  ordinal: number,
  gracePeriodSeconds?: number,
): Promise<void> {
  const path = `/api/v1/namespaces/${stage.spec.namespace}/pods/${podName(stage, ordinal)}`;
  await stage.client.send(
    "DELETE",
    path,
    gracePeriodSeconds === undefined ? undefined : { gracePeriodSeconds },
  );
}

/** Fills orders until an ordinal's account holds something, and no longer; returns its positions. */
export async function holdSomething(
  stage: Stage,
  ordinal: number,
): Promise<Readonly<Record<string, number>>> {
  const held = async () => (await stage.exchange.report()).accounts[podName(stage, ordinal)]?.positions ?? {};
  const isOpen = (positions: Readonly<Record<string, number>>) =>
    Object.values(positions).some((quantity) => quantity !== 0);
  return await until(
    `engine ${ordinal} holds a position`,
    async () => {
      const before = await held();
      if (isOpen(before)) return before;
      await stage.exchange.faults({ fillEvery: 1 });
      await sleep(150);
      await stage.exchange.faults({ fillEvery: 0 });
      return await held();
    },
    isOpen,
    60,
  );
}

/** Orders of an account that came after a moment of the exchange's clock. */
export async function ordersAfter(stage: Stage, ordinal: number, moment: number): Promise<number> {
  const { entries } = await stage.exchange.report();
  const account = podName(stage, ordinal);
  return entries.filter((entry) => entry.kind === "order" && entry.account === account && entry.at > moment)
    .length;
}
