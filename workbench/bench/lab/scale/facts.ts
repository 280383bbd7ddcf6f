import type { PodView } from "../../../lab/engines/pods";
import type { WatchedPod } from "./pod-watch";

/** Engines of the largest stack that is measured, and ordinals of each. */
export const ENGINES = 100;
export const ORDINALS = 20;
/** Engines that are made at once: with their ordinals the 200 pods that the rest is compared with. */
export const STEP = 10;

/** Where an engine's pods ended up. */
export interface Placement {
  readonly engine: string;
  readonly pods: readonly Pick<PodView, "name" | "node">[];
}

/** What is wrong with where the engines are: nothing, when every pod has a node of its own and zones are even. */
export function placementProblems(
  placements: readonly Placement[],
  zoneOf: ReadonlyMap<string, string>,
  ordinals: number,
): string[] {
  const problems: string[] = [];
  const tenants = new Map<string, string>();
  const zones = new Set(zoneOf.values());
  for (const { engine, pods } of placements) {
    const perZone = new Map([...zones].map((zone) => [zone, 0]));
    if (pods.length !== ordinals) problems.push(`${engine} has ${pods.length} pods, not ${ordinals}`);
    for (const { name, node } of pods) {
      const zone = node === undefined ? undefined : zoneOf.get(node);
      if (node === undefined || zone === undefined) {
        problems.push(`${name} has no node`);
        continue;
      }
      const other = tenants.get(node);
      if (other !== undefined) problems.push(`${name} and ${other} are both on ${node}`);
      tenants.set(node, name);
      perZone.set(zone, (perZone.get(zone) ?? 0) + 1);
    }
    const counts = [...perZone.values()];
    if (Math.max(...counts) - Math.min(...counts) > 1)
      problems.push(`${engine} is spread ${counts.join("/")} over its zones`);
  }
  return problems;
}

/** One pod of a roll-out that became ready in its new template. */
export interface Arrival {
  readonly ordinal: number;
  /** Milliseconds on any clock. */
  readonly gone: number;
  readonly ready: number;
}

/** What is wrong with a roll-out's order: nothing, when it went from the last ordinal to the first, one by one. */
export function orderProblems(arrivals: readonly Arrival[], ordinals: number): string[] {
  const problems: string[] = [];
  if (arrivals.length !== ordinals) problems.push(`${arrivals.length} pods were replaced, not ${ordinals}`);
  for (const [index, arrival] of arrivals.entries()) {
    const before = arrivals[index - 1];
    if (before === undefined) continue;
    if (arrival.ordinal !== before.ordinal - 1)
      problems.push(`${arrival.ordinal} was replaced after ${before.ordinal}`);
    if (arrival.gone < before.ready)
      problems.push(`${arrival.ordinal} went before ${before.ordinal} was ready`);
  }
  return problems;
}

/** The pods of a roll-out in the order in which they went, from what became of them; `old` are the uids before it. */
export function arrivalsOf(
  changes: readonly Pick<WatchedPod, "name" | "uid" | "ready" | "since">[],
  old: ReadonlySet<string>,
): Arrival[] {
  const gone = new Map<string, number>();
  const ready = new Map<string, number>();
  for (const { name, uid, ready: isReady, since } of changes) {
    if (old.has(uid) && !isReady && !gone.has(name)) gone.set(name, since);
    if (!old.has(uid) && isReady && !ready.has(name)) ready.set(name, since);
  }
  return [...gone].flatMap(([name, at]) => {
    const back = ready.get(name);
    return back === undefined ? [] : [{ ordinal: Number(name.split("-").at(-1)), gone: at, ready: back }];
  });
}

/** What a roll-out cost. */
export interface RollOut {
  readonly engines: number;
  readonly seconds: number;
  /** Sum over all markets of the seconds in which their engine was not ready. */
  readonly darkMarketSeconds: number;
}

/** The price of a roll-out in which each ordinal has the markets given. */
export function rollOutOf(arrivals: readonly Arrival[], markets: readonly (readonly string[])[]): RollOut {
  const dark = arrivals.map(
    ({ ordinal, gone, ready }) => ((ready - gone) / 1000) * (markets[ordinal]?.length ?? 0),
  );
  const times = arrivals.flatMap(({ gone, ready }) => [gone, ready]);
  return {
    engines: arrivals.length,
    seconds: (Math.max(...times) - Math.min(...times)) / 1000,
    darkMarketSeconds: dark.reduce((sum, each) => sum + each, 0),
  };
}

/** Seconds for each pod of one step. */
export interface Step {
  readonly pods: number;
  readonly seconds: number;
}

/** Time per pod of the last steps ÷ that of the first: how much dearer a pod gets as the stack grows. */
export function growth(steps: readonly Step[], width = 1): number {
  const perPod = (some: readonly Step[]): number =>
    some.reduce((sum, { seconds }) => sum + seconds, 0) / some.reduce((sum, { pods }) => sum + pods, 0);
  return perPod(steps.slice(-width)) / perPod(steps.slice(0, width));
}
