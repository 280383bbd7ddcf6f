import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../offline/errors";
import type { LabFolder } from "../paths";
import type { ProcessPlace } from "../processes";

/** Real nodes for which a lab has addresses. */
export const MOST_NODES = 6;

const requestSchema = z.object({
  name: z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/),
  /** Value of `topology.kubernetes.io/zone`, and of the folder whose volumes it can mount. */
  zone: z.string().min(1),
  labels: z.record(z.string(), z.string()),
  taints: z.array(z.object({ key: z.string(), value: z.string().optional(), effect: z.string() })),
  /** `static` gives the CPUs of Guaranteed pods to them alone. */
  cpuManager: z.enum(["none", "static"]),
});

/** A real node as it is asked for. */
export type NodeRequest = z.infer<typeof requestSchema>;

const recordSchema = requestSchema.extend({
  /** Number of the node in its lab: its addresses follow from it. */
  index: z
    .int()
    .min(0)
    .max(MOST_NODES - 1),
});

/** Where everything of one real node lies, and what it is called on this machine. */
export interface NodeFolder extends ProcessPlace {
  readonly request: NodeRequest;
  readonly index: number;
  readonly socket: string;
  readonly containerdConfig: string;
  readonly cniConfig: string;
  readonly kubeletConfig: string;
  readonly kubeletRoot: string;
  /** Socket of the node's volume driver, where its kubelet looks for plugins. */
  readonly driverSocket: string;
  readonly kubeconfig: string;
  readonly resolvConf: string;
  /** Network namespace, and cgroup in every hierarchy. */
  readonly scope: string;
  /** The host's end of its cable. */
  readonly cable: string;
}

/** Six characters that tell one lab's interfaces, namespaces and cgroups from another's: such names are short. */
export function labId({ lab }: Pick<LabFolder, "lab">): string {
  return createHash("sha256").update(lab).digest("hex").slice(0, 6);
}

/** Longest path of a Unix socket, and the kubelet's longest of its own, which has a random number. */
const SOCKET_LENGTH = 107;
const KUBELET_SOCKET = "pod-resources/4294967295";

/** The folder of a node that is there or asked for; a new one gets the first free number. */
export function nodeFolder(lab: LabFolder, request: NodeRequest): NodeFolder {
  const known = nodeFolders(lab);
  const same = known.find((node) => node.request.name === request.name);
  if (same !== undefined) return same;
  const index = Array.from({ length: MOST_NODES }, (_, number) => number).find((number) =>
    known.every((node) => node.index !== number),
  );
  if (index === undefined) {
    throw new UserError(`a lab has at most ${MOST_NODES} real nodes: ${request.name} is one too many.`);
  }
  // By its number: the paths of sockets are short, and the names that a cloud gives are not.
  const node = folderOf(lab, String(index), request, index);
  const sockets = [join(node.kubeletRoot, KUBELET_SOCKET), node.driverSocket];
  if (sockets.some((path) => Buffer.byteLength(path) > SOCKET_LENGTH)) {
    throw new UserError(
      `${lab.root} is too long a path for the sockets of real nodes: use --state with a shorter one.`,
    );
  }
  mkdirSync(node.root, { recursive: true, mode: 0o755 });
  const file = join(node.root, RECORD);
  writeFileSync(`${file}.part`, JSON.stringify({ ...request, index }));
  renameSync(`${file}.part`, file);
  return node;
}

/** All real nodes of a lab. */
export function nodeFolders(lab: LabFolder): NodeFolder[] {
  return entries(lab.nodes).flatMap((name) => {
    const { data } = recordSchema.safeParse(record(join(lab.nodes, name, RECORD)));
    if (data === undefined) return [];
    const { index, ...request } = data;
    return [folderOf(lab, name, request, index)];
  });
}

const RECORD = "node.json";

function folderOf(lab: LabFolder, folder: string, request: NodeRequest, index: number): NodeFolder {
  const root = join(lab.nodes, folder);
  const id = labId(lab);
  return {
    request,
    index,
    root,
    lab: lab.root,
    pidFile: (name) => join(root, `${name}.pid`),
    log: (name) => join(lab.root, "logs", `${request.name}.${name}.log`),
    socket: join(root, "containerd.sock"),
    containerdConfig: join(root, "containerd.toml"),
    cniConfig: join(root, "cni"),
    kubeletConfig: join(root, "kubelet.yaml"),
    kubeletRoot: join(root, "kubelet"),
    driverSocket: join(root, "kubelet", "plugins_registry", "csi.sock"),
    kubeconfig: join(root, "kubeconfig"),
    resolvConf: join(root, "resolv.conf"),
    scope: `lab-${id}-${index}`,
    cable: `l${id}n${index}`,
  };
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function record(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
