import { createInterface } from "node:readline";
import { version as awsVersion } from "@pulumi/aws/package.json";
import { version as eksVersion } from "@pulumi/eks/package.json";
import { version as kubernetesVersion } from "@pulumi/kubernetes/package.json";
import { provider as pulumiProvider } from "@pulumi/pulumi";
import { serveLanguageHost } from "../language-host";
import { servedPolicies } from "../policy-host";
import { awsOnLab } from "./aws-on-lab";
import { awsPackage } from "./aws-package";
import { Cluster, type Kubeconfig } from "./eks-cluster";
import { kubernetesOnLab, labAccess } from "./kubernetes-on-lab";
import { kubernetesPackage } from "./kubernetes-package";
import { contextOf, labOf } from "./lab";
import { Registry } from "./registry";
import { serve } from "./server";

/**
 * The process behind one or more engine runs: providers and language host. It writes one line of JSON with its ports,
 * answers `seed FILE` with `seeded` and `policies` with the number of policies of each pack, and ends when its standard input closes, so that it cannot outlive its parent.
 */
async function main(): Promise<void> {
  const registry = new Registry();
  const lab = labOf(process.env);
  const context = contextOf(process.env);
  const simulatedAws = awsPackage(awsVersion, registry);
  const simulatedKubernetes = kubernetesPackage(kubernetesVersion, registry);
  const access = context === undefined ? lab && labAccess(lab.access) : () => context;
  const [aws, kubernetes, eks, nodejs] = await Promise.all([
    serve(lab ? awsOnLab(simulatedAws, registry, lab) : simulatedAws),
    serve(access ? kubernetesOnLab(simulatedKubernetes, access) : simulatedKubernetes),
    serveEks(lab?.kubeconfig),
    serveLanguageHost(),
  ]);
  const commands = createInterface({ input: process.stdin });
  commands.on("line", (line) => {
    const [command, ...rest] = line.split(" ");
    if (command === "seed") {
      registry.seed(rest.join(" "));
      process.stdout.write("seeded\n");
    } else if (command === "policies") {
      process.stdout.write(`${JSON.stringify(Object.fromEntries(servedPolicies))}\n`);
    }
  });
  commands.on("close", () => process.exit(0));
  process.stdout.write(`${JSON.stringify({ aws, kubernetes, eks, nodejs })}\n`);
}

// The SDK's own component server does everything that the released eks plugin's does, unknown values and secrets
// included; it says its port on the console and nowhere else.
async function serveEks(kubeconfig: Kubeconfig | undefined): Promise<number> {
  const write = console.log;
  return await new Promise((resolve, reject) => {
    console.log = (line: unknown) => resolve(Number(line));
    pulumiProvider
      .main(
        {
          version: eksVersion,
          construct: async (name, type, inputs, options) => {
            if (type !== "eks:index:Cluster") {
              throw new Error(
                `the offline provider does not simulate the component ${type}; it knows eks:index:Cluster.`,
              );
            }
            const cluster = new Cluster(name, inputs, options, kubeconfig);
            return { urn: cluster.urn, state: cluster.state };
          },
        },
        [],
      )
      .then(() => {
        console.log = write;
      }, reject);
  });
}

void main();
