import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../offline/errors";
import { signalAll } from "../offline/pulumi-process";
import { builtTool, type GoTool, moduleFolder, toolFolder } from "../support/go-build";
import { onPath } from "../support/on-path";

type Say = (line: string) => void;

const COMPONENT_BASE = "k8s.io/component-base/version";

export const KUBERNETES: GoTool = {
  module: "kubernetes",
  title: "Kubernetes",
  version: "1.35.4",
  packages: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl"].map(
    (program) => `k8s.io/kubernetes/cmd/${program}`,
  ),
  // Without them the API server calls itself v0.0.0, and clients that ask for its version refuse it.
  variables: {
    [`${COMPONENT_BASE}.gitVersion`]: "v1.35.4",
    [`${COMPONENT_BASE}.gitMajor`]: "1",
    [`${COMPONENT_BASE}.gitMinor`]: "35",
  },
  duration: "about five minutes",
};

export const ETCD: GoTool = {
  module: "etcd",
  title: "etcd",
  version: "3.6.16",
  packages: ["go.etcd.io/etcd/server/v3"],
  duration: "about half a minute",
};

export const KWOK: GoTool = {
  module: "kwok",
  title: "kwok",
  version: "0.8.0",
  packages: ["sigs.k8s.io/kwok/cmd/kwok"],
  duration: "about a minute and a half",
};

export const COREDNS: GoTool = {
  module: "coredns",
  title: "CoreDNS",
  version: "1.14.5",
  packages: ["trading.local/tools/coredns"],
  duration: "about a minute",
};

export const PAUSE: GoTool = {
  module: "pause",
  title: "the sandbox's first process",
  version: "1.0.0",
  packages: ["trading.local/tools/pause"],
  // The image that it is put into has no C library.
  isStatic: true,
  duration: "a few seconds",
};

export const CSI_NODE: GoTool = {
  module: "csi-node",
  title: "the node half of the lab's volumes",
  version: "1.0.0",
  packages: ["trading.local/tools/csi-node"],
  // gRPC and its kin are those of the kubelet, and compiled already.
  duration: "a few seconds",
};

/** Folders of the programs that a lab runs, and what kwok lets its pods and nodes go through. */
export interface LabTools {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly kwok: string;
  /** kwok's own stages, as text of one file each. */
  readonly stages: readonly string[];
  /** What real nodes need besides; only there when they were asked for. */
  readonly real?: { readonly coredns: string; readonly pause: string; readonly csiNode: string };
}

const STAGES = [
  "node/fast/node-initialize.yaml",
  "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
  "pod/fast/pod-ready.yaml",
  "pod/fast/pod-complete.yaml",
  "pod/fast/pod-delete.yaml",
] as const;

/** Everything that the lab runs, built where it is not there yet. */
export async function labTools(say: Say, withRealNodes: boolean): Promise<LabTools> {
  // Kubernetes takes as long as all others together: they are downloaded and compiled beside it.
  const builds = [builtTool(KUBERNETES, say), smallTools(say, withRealNodes)] as const;
  try {
    const [kubernetes, others] = await Promise.all(builds);
    return { kubernetes, ...others };
  } catch (error) {
    // What is built beside a build that failed is of no use to this run, and would keep it from ending.
    signalAll("SIGTERM");
    await Promise.allSettled(builds);
    throw error;
  }
}

async function smallTools(say: Say, withRealNodes: boolean): Promise<Omit<LabTools, "kubernetes">> {
  const etcd = await builtTool(ETCD, say);
  const kwok = await builtTool(KWOK, say);
  const tools = { etcd, kwok, stages: await kwokStages() };
  if (!withRealNodes) return tools;
  const real = {
    coredns: await builtTool(COREDNS, say),
    pause: await builtTool(PAUSE, say),
    csiNode: await builtTool(CSI_NODE, say),
  };
  return { ...tools, real };
}

/** The kubectl that fits the lab's API server. */
export function kubectl(): string {
  return join(toolFolder(KUBERNETES), "kubectl");
}

/** Refuses a machine that cannot make certificates; Node.js itself cannot. */
export function requireOpenssl(): void {
  if (onPath("openssl") === undefined) {
    throw new UserError("openssl is not on PATH: the lab makes its certificates with it. Install openssl.");
  }
}

// Copied beside the program, so that a lab starts without Go once everything is built.
async function kwokStages(): Promise<string[]> {
  const copies = join(toolFolder(KWOK), "stages");
  const missing = STAGES.filter((stage) => !existsSync(join(copies, stage)));
  if (missing.length > 0) {
    const source = join(await moduleFolder(KWOK.module, "sigs.k8s.io/kwok"), "kustomize", "stage");
    for (const stage of missing) {
      copyWhole(join(source, stage), join(copies, stage));
    }
  }
  return STAGES.map((stage) => readFileSync(join(copies, stage), "utf8"));
}

function copyWhole(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const temporary = `${to}.${process.pid}.part`;
  writeFileSync(temporary, readFileSync(from));
  renameSync(temporary, to);
}
