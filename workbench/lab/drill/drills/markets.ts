import { z } from "zod";
import { marketMap } from "../../../../components/engine/manifests";
import { patch, statefulSetPath } from "../actions";
import { check, type Drill, same } from "../drill";
import { deleteEngine, halted, holdSomething, ordersAfter, trades } from "../looks";
import { claimName, container, engineView, pod, podName, pods, replaced, type Stage, until } from "../stage";

export const marketsSwapped: Drill = {
  id: "markets-swapped",
  title: "the lists of two ordinals are swapped by mistake, and one engine restarts",
  steps: [
    "engine 0 holds a position",
    "lists 0 and 1 change places in the map, and engine 0's pod is deleted",
    "they are put back, and its pod is deleted again",
  ],
  expectation:
    "engine 0 halts beside a position in a market that is not its own, and says so; engine 1 trades on alone in its markets",
  notOnSeed: "its markets are a table in the application, not a map of the cluster",
  darkBound: ({ start, lease }) => 2 * start + lease + 15,
  async run(stage) {
    const { markets } = stage.spec;
    const [first = [], second = [], ...others] = markets;
    await holdSomething(stage, 0);
    let why: string;
    let orders: number;
    try {
      await writeMap(stage, [second, first, ...others]);
      const { now } = await stage.exchange.report();
      await renew(stage, () => deleteEngine(stage, 0));
      why = await halted(stage, 0);
      orders = await strayOrders(stage, now, first);
    } finally {
      await writeMap(stage, markets);
    }
    const { phase } = await engineView(stage, 1);
    const { accounts } = await stage.exchange.report();
    const open = accounts[podName(stage, 0)]?.open ?? [];
    const before = await pod(stage, 0);
    await deleteEngine(stage, 0);
    await replaced(stage, 0, before?.uid ?? "", 120);
    await trades(stage, 0);
    return {
      touched: [0],
      facts: [
        check("/ready names the market and the list", namesBoth(why, first, second), why),
        same("orders of engine 0 in the other's markets", 0, orders),
        same("its orders open at the exchange", [], open),
        same("engine 1 meanwhile", "trading", phase),
      ],
    };
  },
};

function namesBoth(why: string, held: readonly string[], listed: readonly string[]): boolean {
  return held.some((market) => why.includes(`in ${market}, which is not`)) && why.includes(listed.join(", "));
}

async function writeMap(stage: Stage, markets: Stage["spec"]["markets"]): Promise<void> {
  const { metadata, data } = marketMap({ ...stage.spec, markets });
  await patch(stage, `/api/v1/namespaces/${stage.spec.namespace}/configmaps/${metadata.name}`, { data });
}

async function renew(stage: Stage, work: () => Promise<void>): Promise<void> {
  const before = await pod(stage, 0);
  await work();
  await until(
    "engine 0 in a new pod",
    () => pod(stage, 0),
    (seen) => seen !== undefined && seen.uid !== before?.uid,
    stage.spec.gracePeriodSeconds + 30,
  );
}

/** Orders of engine 0's account since a moment, in markets that are not its own. */
async function strayOrders(stage: Stage, since: number, own: readonly string[]): Promise<number> {
  const { entries } = await stage.exchange.report();
  return entries.filter(
    ({ kind, account, at, market }) =>
      kind === "order" && account === podName(stage, 0) && at > since && !own.includes(market ?? ""),
  ).length;
}

const REFUSAL = /Ordinal 3 has no markets in/;

/** What a container that ends again and again wrote; of which life it is, does not matter. */
async function refusal(stage: Stage, ordinal: number): Promise<string> {
  const path = `/api/v1/namespaces/${stage.spec.namespace}/pods/${podName(stage, ordinal)}/log`;
  return await until(
    "its refusal in the log",
    async () => JSON.stringify((await stage.client.send("GET", path)).body),
    (words) => REFUSAL.test(words),
    30,
  );
}

export const noMarket: Drill = {
  id: "no-market",
  covers: ["R10"],
  title: "four replicas with three market lists",
  steps: ["replicas 4", "engine 3 starts", "replicas 3"],
  expectation: "engine 3 refuses to start, and says why; no other pod is touched; its claim is kept",
  notOnSeed: "its markets are a table in the application, not a map of the cluster",
  darkBound: () => 0,
  async run(stage) {
    const before = await pods(stage);
    const { now } = await stage.exchange.report();
    const scale = (replicas: number) => patch(stage, statefulSetPath(stage), { spec: { replicas } });
    await scale(4);
    let code: number | undefined;
    let words = "";
    try {
      const refused = await until(
        "engine 3 ended",
        () => container(stage, 3),
        ({ lastExitCode }) => lastExitCode !== undefined,
        90,
      );
      code = refused.lastExitCode;
      words = await refusal(stage, 3);
    } finally {
      await scale(3);
    }
    const three = await until(
      "engine 3 is gone",
      () => pods(stage),
      (seen) => seen.length === 3,
      120,
    );
    const path = `/api/v1/namespaces/${stage.spec.namespace}/persistentvolumeclaims/${claimName(stage, 3)}`;
    const claim = z
      .object({ status: z.object({ phase: z.string() }) })
      .safeParse(await stage.client.get(path));
    const uids = (list: typeof before) => list.map(({ uid }) => uid);
    return {
      touched: [],
      facts: [
        same("engine 3's exit code", 78, code),
        check("its words", REFUSAL.test(words), words),
        same("its orders", 0, await ordersAfter(stage, 3, now)),
        same("the other pods", uids(before), uids(three)),
        same("its claim", "Bound", claim.data?.status.phase),
      ],
    };
  },
};
