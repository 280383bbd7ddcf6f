import type { Command } from "./arguments";

const GENERAL = `Runs the real Pulumi engine on this machine, with AWS and Kubernetes simulated.

Usage: npm run offline -- <command> --stack NAME [options] [pulumi flags]

Commands:
  preview   what would change
  up        make the changes in the simulated account, then a summary
  destroy   remove everything from the simulated account
  refresh   compare the state with the simulated account
  analyze   judge the existing state with the policy pack, without running the program
  state     print the state (pulumi stack export)

Options:
  --stack NAME        environment: reads Pulumi.NAME.yaml, and leaves the file alone
  --project DIR       another Pulumi project than this repository
  --policy-pack DIR   another policy pack than policy/ (always enforced)
  --state DIR         keep the simulated account here instead of in the cache folder
  --lab[=DIR]         over a lab (npm run local): AWS simulated, its node groups and Kubernetes real
  --context NAME      over a cluster that exists, with --stack local: its Kubernetes is real and is changed
  --kubeconfig FILE   where that context is (default: $KUBECONFIG, else ~/.kube/config)
  --help              this text; after a command, its own

Every other flag goes to Pulumi: --diff, --json, --expect-no-changes, --target URN …
A pulumi on PATH is used if its version fits the SDK; otherwise the pinned one is built once, which takes
about four minutes and needs Go. TRADING_NODE names the Node.js that runs the program.
The exit code is Pulumi's.
`;

const TOPICS: Readonly<Record<Command, string>> = {
  preview: `npm run offline -- preview --stack dev [--diff] [--json] [--expect-no-changes]

Runs the program and the policy pack and shows what would change. Fields that AWS computes are unknown here too.
Ends with 1 when a mandatory policy refuses the change, with 7 when --expect-no-changes finds one.
`,
  up: `npm run offline -- up --stack dev [--diff] [--expect-no-changes]

Previews, enforces the policy pack, applies the changes to the simulated account without asking, and prints what
runs where. "npm run up:offline" is the same for dev. The account survives: a second run reports no changes.
`,
  destroy: `npm run offline -- destroy --stack dev

Removes every resource from the simulated account without asking. Protected resources are refused, as on AWS.
`,
  refresh: `npm run offline -- refresh --stack dev

Compares the state with the simulated account. Nothing drifts there, so it should report no changes.
`,
  analyze: `npm run offline -- analyze --stack dev [--json]

Judges the state of an earlier up with the policy pack. Ends with 1 when a mandatory policy is violated.
`,
  state: `npm run offline -- state --stack dev [--show-secrets]

Prints the state as JSON, as "pulumi stack export" does.
`,
};

/** The help text, of one command or of all. */
export function helpText(topic?: Command): string {
  return topic === undefined ? GENERAL : TOPICS[topic];
}
