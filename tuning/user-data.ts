/**
 * User data of a trading node: a boot hook, then NodeConfig parts.
 *
 * @see https://awslabs.github.io/amazon-eks-ami/nodeadm/
 * @see https://docs.cloud-init.io/en/latest/explanation/format.html
 */
import { constants, gunzipSync, gzipSync } from "node:zlib";
import { parseDocument } from "yaml";
import { readBoothook, renderBoothook } from "./boothook";
import { formatMultipart, type MimePart, parseMultipart } from "./mime";
import {
  type ClusterEndpoint,
  DROP_IN_PATH,
  dropInNodeConfig,
  nodeConfigs,
  nodeConfigYaml,
} from "./node-config";
import { nodeSettings } from "./node-settings";
import type { NodePlan } from "./types";

/** EC2's limit on user data, in bytes before base64. */
export const USER_DATA_LIMIT = 16_384;

const BOOTHOOK_TYPE = "text/cloud-boothook";
const NODE_CONFIG_TYPE = "application/node.eks.aws";

/**
 * Who completes the NodeConfig.
 *
 * - `merge`: EKS appends cluster details to our parts. The group names no AMI, only a type and a release.
 * - `own`: the launch template names an AMI of ours, and our parts must say everything.
 */
export type UserDataTemplate =
  | { readonly kind: "merge" }
  | { readonly kind: "own"; readonly cluster: ClusterEndpoint };

/** User data read back into what it means. */
export interface UserDataContent {
  /** The boot hook's script, `null` when the document has none. */
  readonly boothook: string | null;
  /** NodeConfig documents in the order in which nodeadm merges them, the drop-in not among them. */
  readonly nodeConfigs: readonly Readonly<Record<string, unknown>>[];
  /** Kernel arguments that the boot hook brings about, `null` when it does not say. */
  readonly kernelArguments: readonly string[] | null;
  /** The NodeConfig that the boot hook writes on the node, `null` when it writes none. */
  readonly dropIn: Readonly<Record<string, unknown>> | null;
  /** What could not be understood; empty for a document of `renderUserData`. */
  readonly problems: readonly string[];
}

/**
 * The user data of a plan, as text. Equal plans give equal text.
 *
 * @throws RangeError when it is larger than EC2 takes.
 */
export function renderUserData(plan: NodePlan, template: UserDataTemplate): string {
  const boothook = renderBoothook({
    settings: nodeSettings(plan),
    dropInPath: DROP_IN_PATH,
    dropIn: nodeConfigYaml(dropInNodeConfig(plan)),
  });
  const configs = nodeConfigs(plan, template.kind === "own" ? template.cluster : null);
  const text = formatMultipart([
    { contentType: `${BOOTHOOK_TYPE}; charset="us-ascii"`, body: boothook },
    ...configs.map((config) => ({ contentType: NODE_CONFIG_TYPE, body: nodeConfigYaml(config) })),
  ]);
  // EKS must be able to add to the text of a managed group, so there it stays text.
  const size = template.kind === "merge" ? Buffer.byteLength(text) : packed(text).length;
  if (size > USER_DATA_LIMIT) {
    throw new RangeError(
      `user data of ${plan.instanceType} (mode ${plan.mode}) is ${size} bytes, EC2 takes at most ${USER_DATA_LIMIT}: shorten labels and taints`,
    );
  }
  return text;
}

/** User data as a launch template takes it: base64, of gzip where the text alone is larger than EC2 takes. */
export function encodeUserData(text: string): string {
  return packed(text).toString("base64");
}

/**
 * cloud-init and nodeadm read gzip. Huffman coding alone, without a search for repetitions, gives the same bytes on every
 * processor and release; the byte that names the operating system is made the same too. Other bytes, other nodes.
 */
function packed(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= USER_DATA_LIMIT) return bytes;
  const zipped = gzipSync(bytes, { strategy: constants.Z_HUFFMAN_ONLY, level: 9 });
  zipped[9] = 255;
  return zipped;
}

/** The content of user data, as text or base64, gzipped or not, ours or somebody else's. Never throws. */
export function readUserData(userData: string): UserDataContent {
  const { text, problem } = decode(userData);
  if (text === null) return { ...EMPTY, problems: [problem] };
  const { parts, problems } = parseMultipart(text);
  const boothook = parts.find(({ contentType }) => contentType === BOOTHOOK_TYPE)?.body ?? null;
  const found = boothook === null ? {} : readBoothook(boothook);
  const documents = parts.filter(({ contentType }) => contentType === NODE_CONFIG_TYPE).map(readNodeConfig);
  const dropIn = found.dropIn === undefined ? null : readYaml(found.dropIn, "the drop-in");
  return {
    boothook,
    nodeConfigs: documents.flatMap(({ value }) => (value === null ? [] : [value])),
    kernelArguments: found.kernelArguments ?? null,
    dropIn: dropIn?.value ?? null,
    problems: [...problems, ...documents.flatMap(({ problems }) => problems), ...(dropIn?.problems ?? [])],
  };
}

const EMPTY: UserDataContent = {
  boothook: null,
  nodeConfigs: [],
  kernelArguments: null,
  dropIn: null,
  problems: [],
};

interface YamlResult {
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly problems: readonly string[];
}

function readNodeConfig({ body }: MimePart, index: number): YamlResult {
  return readYaml(body, `NodeConfig part ${index + 1}`);
}

function readYaml(text: string, what: string): YamlResult {
  const document = parseDocument(text, { logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined)
    return { value: null, problems: [`${what} is not YAML: ${firstLine(error.message)}`] };
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  return isRecord(value) ? { value, problems: [] } : { value: null, problems: [`${what} is not an object`] };
}

type Decoded =
  | { readonly text: string; readonly problem: "" }
  | { readonly text: null; readonly problem: string };

function decode(userData: string): Decoded {
  if (/^(?:MIME-Version|Content-Type):/im.test(userData)) return { text: userData, problem: "" };
  const compact = userData.replaceAll(/\s/g, "");
  if (compact === "") return { text: null, problem: "user data is empty" };
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return { text: userData, problem: "" };
  const bytes = Buffer.from(compact, "base64");
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { text: bytes.toString("utf8"), problem: "" };
  try {
    return { text: gunzipSync(bytes, { maxOutputLength: 1024 * 1024 }).toString("utf8"), problem: "" };
  } catch {
    return { text: null, problem: "user data is not gzip, although it begins like it" };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
