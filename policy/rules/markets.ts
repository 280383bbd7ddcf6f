import { engines } from "../lib/engines";
import { assignmentsOf, marketMap, marketMapsOf } from "../lib/market-map";
import { defineRule, type Finding } from "../lib/rule";
import type { Resource, Stack } from "../lib/stack";

/**
 * Taking a market list away is allowed, and nothing is destroyed by it; but an engine that was scaled away may have
 * left a position, and only its claim knows. A remark, not a refusal.
 */
export const marketStillOwned = defineRule({
  name: "market-still-owned",
  description: "Every market that an engine traded until now is traded by one after the change.",
  level: "advisory",
  settings: {},
  defaults: {},
  subjects: engines,
  absent: "the stack has no engine",
  inspect: (engine, { stack, report }) => {
    const traded = marketsOf(stack);
    for (const map of marketMapsOf(engine, stack)) {
      for (const [ordinal, lost] of lostBy(map, traded)) report(map, unowned(engine, ordinal, lost));
    }
  },
});

function marketsOf(stack: Stack): ReadonlySet<string> {
  const maps = engines(stack).flatMap((engine) => marketMapsOf(engine, stack));
  return new Set(
    maps.flatMap((map) => assignmentsOf(marketMap(map)).assignments.map(({ market }) => market)),
  );
}

/** Markets by the ordinal that had them before and that nobody has now. */
function lostBy(map: Resource, traded: ReadonlySet<string>): ReadonlyMap<number, readonly string[]> {
  const lost = new Map<number, string[]>();
  if (map.previous === undefined) return lost;
  for (const { market, ordinal } of assignmentsOf(marketMap({ inputs: map.previous })).assignments) {
    if (!traded.has(market)) lost.set(ordinal, [...(lost.get(ordinal) ?? []), market]);
  }
  return lost;
}

function unowned(engine: Resource, ordinal: number, markets: readonly string[]): Finding {
  const pod = `${engine.name}-${ordinal}`;
  return {
    problem: `nobody trades ${markets.join(", ")} any more, which ${pod} did until now`,
    because: `a position that it holds there is nobody's, and its log waits in the claims of ${pod}, which are kept`,
    remedy:
      "see that its positions are closed before this is deployed; the same list at the same ordinal takes them up again",
  };
}
