import assert from "node:assert/strict";
import { awaitSeconds, endpoints, marketMapName, selectorLabels } from "../../../components/engine/spec";
import { specOf } from "../../support/engine-specs";

describe("an engine's spec", () => {
  it("adds the grace period up from the declared phases", () => {
    const { shutdown, gracePeriodSeconds } = specOf("prod");
    assert.deepEqual(shutdown, { preStop: 0, cancelOrders: 60, confirmations: 20, flush: 5, slack: 35 });
    assert.equal(gracePeriodSeconds, 120);
  });

  it("follows one phase that grows", () => {
    assert.equal(specOf("dev", { "shutdown.flush": "1 minute" }).gracePeriodSeconds, 56 + 59);
  });

  it("has the engine's own namespace unless it names another", () => {
    assert.equal(specOf("prod").namespace, "trading-engine");
    assert.equal(specOf("dev").namespace, "trading");
  });

  it("takes memory in MiB, for the policies", () => {
    assert.equal(specOf("dev").memoryMebibytes, 1024);
    assert.equal(specOf("prod").memoryMebibytes, 65_536);
  });
});

describe("the time that Pulumi waits for a roll-out", () => {
  const awaits = [
    { markets: 1, grace: 56, startup: 120, seconds: 606 },
    { markets: 3, grace: 56, startup: 120, seconds: 1818 },
    { markets: 3, grace: 120, startup: 300, seconds: 2550 },
    { markets: 6, grace: 120, startup: 300, seconds: 5100 },
  ];
  for (const { markets, grace, startup, seconds } of awaits)
    it(`is ${seconds} seconds for ${markets} engines with ${grace} s grace and ${startup} s replay`, () => {
      const spec = {
        markets: Array.from({ length: markets }, () => ["BTCUSDT"]),
        gracePeriodSeconds: grace,
        startupSeconds: startup,
      };
      assert.equal(awaitSeconds(spec), seconds);
    });

  it("covers, for every pod, the drain, a forced detachment, the replay and the warm-up after it", () => {
    const spec = specOf("prod");
    const onePod = 120 + 6 * 60 + 300 + 10;
    assert.ok(awaitSeconds(spec) >= spec.markets.length * onePod);
  });
});

describe("the endpoints for the risk engine", () => {
  it("are one an ordinal, with markets and headless name", () => {
    assert.deepEqual(endpoints(specOf("dev"))[1], {
      name: "trading-engine",
      ordinal: 1,
      markets: ["ETHUSDT", "ETHUSD"],
      namespace: "trading",
      pod: "trading-engine-1",
      dns: "trading-engine-1.trading-engine-headless.trading.svc.cluster.local",
      endpoint: "http://trading-engine-1.trading-engine-headless.trading.svc.cluster.local:8080",
    });
  });

  it("are as many as there are market lists", () => {
    assert.deepEqual(
      endpoints(specOf("prod")).map(({ ordinal }) => ordinal),
      [0, 1, 2, 3, 4, 5],
    );
  });

  it("keep every address when an ordinal is added at the end", () => {
    const before = endpoints(specOf("prod", { markets: [["A"], ["B"]], credentials: {} }));
    const after = endpoints(specOf("prod", { markets: [["A"], ["B"], ["C"]], credentials: {} }));
    assert.deepEqual(after.slice(0, 2), before);
  });
});

describe("names that must never change", () => {
  it("selector: the engine's name alone, whatever else is configured", () => {
    for (const spec of [specOf("dev"), specOf("prod"), specOf("dev", { cpus: 2, partition: 1 })])
      assert.deepEqual(selectorLabels(spec), { "app.kubernetes.io/name": "trading-engine" });
  });

  it("market map: fixed, so that a new market restarts nobody", () => {
    assert.equal(marketMapName(specOf("dev")), "trading-engine-markets");
    assert.equal(marketMapName(specOf("dev", { markets: [["XRPUSDT"]] })), "trading-engine-markets");
  });
});
