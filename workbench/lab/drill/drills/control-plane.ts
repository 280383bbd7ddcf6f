import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { processCommand } from "../../commands";
import { engineManifests } from "../../engines/manifests";
import { runningPid, startProcess, stopProcesses } from "../../processes";
import { hostAddress } from "../../real/network";
import { check, type Drill, same } from "../drill";
import { trades } from "../looks";
import { allReady, pods, type Stage, until } from "../stage";

/** Beyond the renew deadline of the engine contract (10 s), and of a kubelet's patience with nothing. */
const OUTAGE = 14;
const RENEW_DEADLINE = 10;

export const controlPlaneOutage: Drill = {
  id: "control-plane",
  title: "no API server for 14 s while engines trade",
  steps: ["SIGSTOP to the API server", "wait beyond the renew deadline", "SIGCONT"],
  expectation:
    "every engine halts at its deadline and cancels: dark time, stated; each trades again by itself",
  seedNote:
    "No lease, no deadline: it trades on. The price is split-brain, below: nothing keeps a second engine out.",
  darkBound: ({ lease, start }) => OUTAGE + lease + start,
  async run(stage) {
    const before = await pods(stage);
    const pid = runningPid(stage.lab, "kube-apiserver");
    if (pid === undefined) throw new Error("the API server does not run");
    process.kill(pid, "SIGSTOP");
    let late = 0;
    let open = 0;
    try {
      const { now } = await stage.exchange.report();
      await sleep(OUTAGE * 1000);
      const { entries, accounts } = await stage.exchange.report();
      late = entries.filter(
        ({ kind, at }) => kind === "order" && at > now + (RENEW_DEADLINE + 0.5) * 1000,
      ).length;
      open = Object.values(accounts).flatMap((account) => account.open).length;
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await allTrading(stage);
    const after = await pods(stage);
    return {
      touched: [0, 1, 2],
      facts: [
        same("orders after the deadline", 0, late),
        same("orders open at the exchange then", 0, open),
        same(
          "the pods",
          before.map(({ uid }) => uid),
          after.map(({ uid }) => uid),
        ),
      ],
    };
  },
};

export const etcdRestart: Drill = {
  id: "etcd",
  title: "etcd is killed and started again",
  steps: ["SIGKILL to etcd", "it is started again at once"],
  expectation: "no engine notices: its lease outlives the restart",
  darkBound: () => 0,
  async run(stage) {
    const { lab, real } = stage;
    const before = await pods(stage);
    const pid = runningPid(lab, "etcd");
    if (pid === undefined) throw new Error("etcd does not run");
    process.kill(pid, "SIGKILL");
    await stopProcesses(lab, ["etcd"]);
    startProcess(lab, processCommand("etcd", lab, real.settings, real.tools));
    await allReady(stage);
    await sleep(5000);
    const after = await pods(stage);
    return {
      touched: [],
      facts: [
        same(
          "the pods",
          before.map(({ uid }) => uid),
          after.map(({ uid }) => uid),
        ),
      ],
    };
  },
};

export const serviceDeleted: Drill = {
  id: "R17",
  title: "the headless Service is deleted",
  steps: ["delete it", "engine 0's name is gone", "the next up makes it again"],
  expectation: "engines trade on; the risk engine finds them again by name",
  seedNote: "Its Service stands in another namespace than its pods: no name resolves, before or after.",
  darkBound: () => 0,
  async run(stage) {
    const { client, spec, manifests } = stage;
    const service = manifests.find(({ kind }) => kind === "Service");
    if (service === undefined) throw new Error("the engine has no Service");
    const { name } = service.metadata;
    const host = `${spec.name}-0.${name}.${spec.namespace}.svc.cluster.local`;
    const before = await found(stage, host);
    await client.send("DELETE", `/api/v1/namespaces/${spec.namespace}/services/${name}`);
    const gone = await until(
      "the name is gone",
      () => found(stage, host),
      (count) => count === 0,
      60,
    );
    await sleep(3000);
    await client.apply(service);
    const after = await until(
      "the name is back",
      () => found(stage, host),
      (count) => count === 1,
      60,
    );
    return {
      touched: [],
      facts: [
        same("addresses before", 1, before),
        same("without the Service", 0, gone),
        same("after", 1, after),
      ],
    };
  },
};

async function found({ real }: Stage, host: string): Promise<number> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([hostAddress(real.settings.real.subnet)]);
  try {
    return (await resolver.resolve4(host)).length;
  } catch {
    return 0;
  }
}

async function allTrading(stage: Stage): Promise<void> {
  for (const ordinal of stage.spec.markets.keys()) {
    await trades(stage, ordinal, 120);
  }
}

export const marketAdded: Drill = {
  id: "market-added",
  title: "a market list is added, and taken away again",
  steps: [
    "a fourth list in the map, four replicas",
    "engine 3 trades",
    "the first three lists, three replicas",
  ],
  expectation: "no other pod is touched; the map is never absent; the fourth engine's claim is kept",
  notOnSeed:
    "its markets are a table in the application: a fourth replica gets none, and a new image restarts all",
  darkBound: () => 0,
  async run(stage) {
    const before = await pods(stage);
    const more = { ...stage.spec, markets: [...stage.spec.markets, ["XRPUSDT"]] };
    await applyMarkets(stage, engineManifests(more));
    const four = await until(
      "engine 3 is ready",
      () => pods(stage),
      (seen) => seen.length === 4 && seen.every(({ ready }) => ready),
      120,
    );
    await trades(stage, 3, 60);
    await applyMarkets(stage, engineManifests(stage.spec));
    const three = await until(
      "engine 3 is gone",
      () => pods(stage),
      (seen) => seen.length === 3,
      120,
    );
    const path = `/api/v1/namespaces/${stage.spec.namespace}/persistentvolumeclaims/data-${stage.spec.name}-3`;
    const claim = await stage.client.send("GET", path);
    const uids = before.map(({ uid }) => uid);
    return {
      touched: [],
      facts: [
        same(
          "the first three pods, with four",
          uids,
          four.slice(0, 3).map(({ uid }) => uid),
        ),
        same(
          "and afterwards",
          uids,
          three.map(({ uid }) => uid),
        ),
        check("engine 3's claim is kept", claim.status === 200, claim.status),
      ],
    };
  },
};

// What a market's change touches, in the program's own order: the leases' Role, the map, the replicas.
async function applyMarkets(stage: Stage, manifests: Stage["manifests"]): Promise<void> {
  for (const manifest of manifests.filter(({ kind }) => kind === "Role" || kind === "ConfigMap")) {
    await stage.client.apply(manifest);
  }
  const set = manifests.find(({ kind }) => kind === "StatefulSet");
  const replicas = Number(/"replicas":(\d+)/.exec(JSON.stringify(set))?.[1]);
  const path = `/apis/apps/v1/namespaces/${stage.spec.namespace}/statefulsets/${stage.spec.name}`;
  await stage.client.send("PATCH", path, { spec: { replicas } }, "application/merge-patch+json");
}
