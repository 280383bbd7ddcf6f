import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mock } from "node:test";
import { watchingStalls } from "../../../workbench/lab/drill/stalls";

describe("watching for stalls", () => {
  it("leaves no timer behind when the work fails: the command would never end", async () => {
    const started = mock.method(globalThis, "setInterval");
    const stopped = mock.method(globalThis, "clearInterval");
    try {
      await rejects(
        watchingStalls(() => Promise.reject(new Error("broken"))),
        /broken/,
      );
      equal(started.mock.callCount(), 1);
      deepEqual(
        stopped.mock.calls.map((call) => call.arguments[0]),
        started.mock.calls.map((call) => call.result),
      );
    } finally {
      mock.restoreAll();
    }
  });

  it("says for how long the process stood still", async () => {
    const longest = await watchingStalls(async (longestSeconds) => {
      const end = performance.now() + 400;
      while (performance.now() < end);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return longestSeconds();
    });
    ok(longest >= 0.25, `it stood still for 0.4 s, and ${longest} s were seen`);
  });
});
