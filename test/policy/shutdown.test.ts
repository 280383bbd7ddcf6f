import { graceFitsThePlatform, shutdownBudget } from "../../policy/rules/shutdown";
import { encodeUserData, renderUserData } from "../../tuning";
import { describeRule } from "./cases";
import { PLAN } from "./fixtures/nodes";
import { type FixtureStack, type Json, NEVER } from "./support";

const POD = "spec.template.spec";
const GRACE = `${POD}.terminationGracePeriodSeconds`;
const BUDGET = ["metadata", "annotations", "trading/shutdown-budget"];
const PHASES = { preStop: 0, cancelOrders: 30, confirmations: 10, flush: 5, slack: 15 };

const hook = (preStop: Json) => (stack: FixtureStack) =>
  stack.set("btc", `${POD}.containers.0.lifecycle.preStop`, preStop);
const command = (...words: string[]) => hook({ exec: { command: words } });
const budget = (phases: Json) => (stack: FixtureStack) =>
  stack.set("btc", BUDGET, typeof phases === "string" ? phases : JSON.stringify(phases));
const grace = (seconds: Json | undefined) => (stack: FixtureStack) => stack.set("btc", GRACE, seconds);

describeRule(shutdownBudget, {
  accepts: [
    ["no hook", hook(null)],
    ["a sleep that fits", (stack) => grace(70)(hook({ sleep: { seconds: 10 } })(stack))],
    ["a plain sleep as command", (stack) => grace(70)(command("sleep", "10")(stack))],
    ["a sleep by shell", (stack) => grace(120)(command("/bin/sh", "-c", "sleep 1m")(stack))],
    ["more time than needed", grace(61)],
  ],
  refuses: [
    [
      "a second too little",
      grace(59),
      /= 59: gives 59 s, and a shutdown takes up to 60 s \(preStop 0 \+ cancel 30/,
    ],
    ["the default of 30 s", grace(undefined), /gives 30 s/],
    ["a hook that does not fit", hook({ sleep: { seconds: 10 } }), /takes up to 70 s \(preStop 10/],
    ["a declared hook that does not fit", budget({ ...PHASES, preStop: 5 }), /takes up to 65 s/],
    [
      "the seed's hook",
      command("/bin/sh", "-c", "curl -X POST localhost:8080/shutdown && sleep 60"),
      /runs `\/bin\/sh -c curl .*`, whose duration nothing bounds/,
    ],
    ["a hook in a script", command("/shutdown.sh"), /whose duration nothing bounds/],
    [
      "a sidecar's hook",
      (stack) =>
        stack.set("btc", `${POD}.initContainers`, [
          { name: "s", restartPolicy: "Always", lifecycle: { preStop: { exec: { command: ["x"] } } } },
        ]),
      /initContainers\[0\]\.lifecycle/,
    ],
    ["no budget", (stack) => stack.set("btc", BUDGET, undefined), /no shutdown budget is declared/],
    [
      "a budget without a phase",
      budget({ preStop: 0, cancelOrders: 30, confirmations: 10, flush: 5 }),
      /slack \(not set\): must be a number of seconds/,
    ],
    ["a negative phase", budget({ ...PHASES, flush: -1 }), /flush = -1: must be a number/],
    ["a text for a number", budget({ ...PHASES, flush: "5" }), /flush = "5": must be a number/],
    ["no slack", budget({ ...PHASES, slack: 0 }), /slack = 0: is below 5 s/],
    ["a budget that is not JSON", budget("60s"), /must be JSON/],
  ],
  needs: [
    ["the budget", (stack) => stack.set("btc", BUDGET, NEVER), /shutdown-budget/],
    ["the annotations", (stack) => stack.set("btc", "metadata.annotations", NEVER), /metadata\.annotations/],
    ["the grace", grace(NEVER), /terminationGracePeriodSeconds/],
    ["the command", hook({ exec: { command: NEVER } }), /exec\.command/],
  ],
});

const SHORT_WINDOW = encodeUserData(
  renderUserData(PLAN, { kind: "merge" }).replace(
    /shutdownGracePeriod: "[^"]*"/,
    'shutdownGracePeriod: "1m"',
  ),
);

describeRule(graceFitsThePlatform, {
  accepts: [["exactly the window", grace(70)]],
  refuses: [
    [
      "a second more than the plan's window",
      grace(71),
      /gives 71 s, and the kubelet of TradingNodes "nodes" cuts every pod off after 70 s/,
    ],
    [
      "a narrower window in one zone's user data",
      (stack) => stack.set("nodes-template-eu-central-1b", "userData", SHORT_WINDOW),
      /gives 60 s, and the kubelet of LaunchTemplate "nodes-template-eu-central-1b" cuts every pod off after 30 s/,
    ],
    ["a narrower plan", (stack) => stack.set("nodes", "plan.engineShutdownWindow", 50), /after 50 s/],
    ["more than a drain", grace(901), /longer than the 900 s that EKS waits/],
  ],
  needs: [
    ["the grace", grace(NEVER), /terminationGracePeriodSeconds/],
    ["the window", (stack) => stack.set("nodes", "plan.engineShutdownWindow", NEVER), /engineShutdownWindow/],
  ],
});
