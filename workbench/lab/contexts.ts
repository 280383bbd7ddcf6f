import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { messageOf, UserError } from "../offline/errors";
import type { Access } from "./kubeconfig";

/** A cluster that somebody else made, as the command line names it. */
export interface ContextRequest {
  readonly context: string;
  /** Path of the kubeconfig. @default - $KUBECONFIG, else ~/.kube/config */
  readonly kubeconfig?: string;
}

/** A kubeconfig's text and where it lies: paths in it are relative to its folder. */
export interface KubeconfigFile {
  readonly path: string;
  readonly text: string;
}

const SUPPORTED = "client certificates and bearer tokens are, inline or as files";
const optional = z.string().min(1).nullish();

const clusterSchema = z.looseObject({
  server: z.string(),
  "certificate-authority": optional,
  "certificate-authority-data": optional,
});
const userSchema = z.looseObject({
  "client-certificate": optional,
  "client-certificate-data": optional,
  "client-key": optional,
  "client-key-data": optional,
  token: optional,
  tokenFile: optional,
  exec: z.looseObject({ command: z.string() }).nullish(),
});
const named = <Shape extends z.ZodType>(key: string, shape: Shape) =>
  z
    .array(z.looseObject({ name: z.string(), [key]: shape }))
    .nullish()
    .transform((list) => list ?? []);
const fileSchema = z.looseObject({
  contexts: named("context", z.looseObject({ cluster: z.string(), user: z.string() })),
  clusters: named("cluster", z.unknown()),
  users: named("user", z.unknown()),
});

/** What of a cluster or user cannot be honoured here: to leave it out would connect to something else, or as somebody else. */
const REFUSED = {
  cluster: ["insecure-skip-tls-verify", "tls-server-name", "proxy-url"],
  user: ["auth-provider", "username", "as"],
} as const;

/**
 * How the API server of a context is reached, and as whom.
 * @throws UserError for a context that is not there, or that signs in in a way that is not supported
 */
export function contextAccess(request: ContextRequest): Access {
  return accessIn(kubeconfigFiles(request.kubeconfig), request.context);
}

/** As {@link contextAccess}, in files that were read; the first one that has a name decides, as in kubectl. */
export function accessIn(files: readonly KubeconfigFile[], context: string): Access {
  const all = files.map((file) => ({ folder: dirname(file.path), ...documentOf(file) }));
  const names = all.flatMap(({ contexts }) => contexts.map(({ name }) => name));
  const places = files.map(({ path }) => path).join(", ");
  const found = all.flatMap(({ contexts }) => contexts).find(({ name }) => name === context);
  if (found === undefined) {
    const there = names.length === 0 ? "it has none" : `it has ${[...new Set(names)].join(", ")}`;
    throw new UserError(`there is no context "${context}" in ${places}: ${there}.`);
  }
  const entry = (kind: "cluster" | "user") => {
    const wanted = String(contextSchema.parse(found.context)[kind]);
    for (const { folder, ...document } of all) {
      const match = document[`${kind}s`].find(({ name }) => name === wanted);
      if (match !== undefined) return { folder, value: match[kind] };
    }
    throw new UserError(`context "${context}" names the ${kind} "${wanted}", which is not in ${places}.`);
  };
  return { ...serverOf(context, entry("cluster")), ...identityOf(context, entry("user")) };
}

const contextSchema = z.looseObject({ cluster: z.string(), user: z.string() });

interface Entry {
  readonly folder: string;
  readonly value: unknown;
}

function serverOf(context: string, { folder, value }: Entry): Pick<Access, "server" | "authority"> {
  const cluster = shaped(clusterSchema, value, `the cluster of context "${context}"`);
  refuse(context, "cluster", cluster);
  if (!/^https:\/\//.test(cluster.server)) {
    throw new UserError(
      `the cluster of context "${context}" is at ${cluster.server}: only https is supported.`,
    );
  }
  const authority = content(folder, cluster, "certificate-authority");
  return { server: cluster.server, ...(authority !== undefined && { authority }) };
}

function identityOf(context: string, { folder, value }: Entry): Omit<Access, "server" | "authority"> {
  const user = shaped(userSchema, value, `the user of context "${context}"`);
  if (user.exec) {
    throw new UserError(
      `the user of context "${context}" signs in with the plugin "${user.exec.command}" (exec), which is not supported here: ${SUPPORTED}. Give it a ServiceAccount's token (kubectl create token), or use npm run up, which takes every kubeconfig.`,
    );
  }
  refuse(context, "user", user);
  const certificate = content(folder, user, "client-certificate");
  const key = content(folder, user, "client-key");
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  const token = user.token ?? (user.tokenFile ? text(folder, user.tokenFile).trim() : undefined);
  if (token === undefined) {
    throw new UserError(
      `the user of context "${context}" has no credentials that are supported: ${SUPPORTED}.`,
    );
  }
  return { token };
}

function refuse(context: string, kind: keyof typeof REFUSED, entry: Readonly<Record<string, unknown>>): void {
  const field = REFUSED[kind].find((name) => entry[name] !== undefined && entry[name] !== false);
  if (field === undefined) return;
  const instead =
    kind === "user" ? SUPPORTED : "server, certificate-authority and certificate-authority-data are";
  throw new UserError(
    `the ${kind} of context "${context}" has ${field}, which is not supported here: ${instead}.`,
  );
}

// The data inside the file goes before the path of another.
function content(
  folder: string,
  entry: Readonly<Record<string, unknown>>,
  name: "certificate-authority" | "client-certificate" | "client-key",
): string | undefined {
  const data = entry[`${name}-data`];
  if (typeof data === "string") return Buffer.from(data, "base64").toString();
  const path = entry[name];
  return typeof path === "string" ? text(folder, path) : undefined;
}

function text(folder: string, path: string): string {
  const file = resolve(folder, path);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError(`${file}, which the kubeconfig names, cannot be read (${messageOf(error)}).`);
  }
}

/** The files in which contexts are looked for; of a list, those that are there. */
function kubeconfigFiles(asked: string | undefined): KubeconfigFile[] {
  const listed = asked ?? process.env.KUBECONFIG ?? "";
  const paths = asked !== undefined ? [asked] : listed.split(delimiter).filter((path) => path !== "");
  const places = paths.length > 0 ? paths : [join(homedir(), ".kube", "config")];
  const files = places.flatMap((path) => {
    try {
      return [{ path: resolve(path), text: readFileSync(path, "utf8") }];
    } catch {
      return [];
    }
  });
  if (files.length === 0) {
    throw new UserError(
      `there is no kubeconfig: ${places.join(", ")} cannot be read. Name one with --kubeconfig FILE.`,
    );
  }
  return files;
}

function documentOf({ path, text: content }: KubeconfigFile): z.infer<typeof fileSchema> {
  let document: unknown;
  try {
    document = parse(content);
  } catch {
    throw new UserError(`${path} is not a kubeconfig: it is not YAML.`);
  }
  return shaped(fileSchema, document ?? {}, path);
}

function shaped<Shape extends z.ZodType>(schema: Shape, value: unknown, what: string): z.infer<Shape> {
  const { data, error } = schema.safeParse(value);
  if (error !== undefined) {
    const [issue] = error.issues;
    throw new UserError(`${what} is not as a kubeconfig has it: ${issue?.path.join(".")} ${issue?.message}.`);
  }
  return data;
}
