import type { Command } from "./arguments";

const GENERAL = `A real Kubernetes control plane on this machine, with simulated nodes. No root is needed.

Usage: npm run lab -- <command> [options]

Commands:
  up          start the lab, or what of it does not run; a second time changes nothing
  down        end every process of the lab and remove its folder
  status      what runs and what does not, in words
  kubeconfig  print the path of the kubeconfig
  drill       break things on purpose, on real nodes, and see that no order is lost

Options:
  --state DIR   keep the lab here instead of in the cache folder: several can run side by side
  --help        this text; after a command, its own

Real: etcd, API server, controller manager, scheduler, of the versions that are pinned in workbench/tools.
Simulated: kubelets and containers (by kwok: no image is pulled, no probe, hook or signal is run) and disks.
The first run builds everything from Go modules, which takes about seven minutes and needs Go and openssl.
`;

const TOPICS: Readonly<Record<Command, string>> = {
  up: `npm run lab -- up [--stack dev] [--nodes-per-zone N] [--port N] [--state DIR]

Starts etcd, API server, controller manager, scheduler, kwok and the volume provisioner on 127.0.0.1, and makes
nodes as an environment's stack file plans them: zones, label, taint, allocatable CPUs and memory, and what the
add-ons request. One more node is for everything else. The StorageClass "standard" makes zonal volumes.

  --stack NAME          environment whose nodes are simulated (default dev)
  --nodes-per-zone N    trading nodes in each zone (default: as planned)
  --port N              port of the API server (default: a free one)

What runs already is left alone; a lab that was killed half-way is completed. Ctrl-C stops what this run started.
`,
  down: `npm run lab -- down [--state DIR]

Ends every process of the lab, also those of a run that crashed, and removes its folder with all logs and data.
`,
  status: `npm run lab -- status [--state DIR]
npm run lab -- status --context NAME [--kubeconfig FILE]

Says what runs. Ends with 0 when the lab is up, with 3 when it is not or not completely. With --context it says of a
cluster that exists what Pulumi.local.yaml needs there and what is missing; it changes nothing. 0 when nothing is missing.
`,
  kubeconfig: `npm run lab -- kubeconfig [--state DIR]

Prints the path of the kubeconfig, whose context is named "lab":
  export KUBECONFIG=$(npm run --silent lab -- kubeconfig)
`,
};

/** The help text, of one command or of all. */
export function helpText(topic?: Command): string {
  return topic === undefined ? GENERAL : TOPICS[topic];
}
