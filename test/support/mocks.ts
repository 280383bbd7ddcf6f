import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import "@pulumi/pulumi/runtime/state";

/** One resource as the program registered it: what the engine would have been told. */
export interface Registration {
  readonly name: string;
  readonly type: string;
  readonly urn: string;
  /** URN of the parent; empty at the top. */
  readonly parent: string;
  readonly custom: boolean;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** URNs that it waits for: `dependsOn` and everything its inputs come from. */
  readonly dependsOn: readonly string[];
  /** URNs that each input comes from. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
  readonly protect: boolean;
  /** Reference `urn::id` of its provider; empty where the default one would be used. */
  readonly provider: string;
  /** Providers of a component, by package. */
  readonly providers: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly retainOnDelete: boolean;
  /** URN of the resource whose deletion takes this one along; empty where there is none. */
  readonly deletedWith: string;
  readonly timeouts: { readonly create: string; readonly update: string; readonly delete: string };
}

export type Registered = readonly Registration[];

const PROJECT = "trading";
const STACK = "test";

/**
 * The one `setMocks` of the test process, for the features that it switches on: it is global, and the last call wins.
 * Import this module wherever resources are made.
 */
void pulumi.runtime.setMocks({ newResource, call: ({ inputs }) => inputs }, PROJECT, STACK, false);

/** Runs a program and returns everything that it registered, in order, once all registrations are through. */
export async function record(
  program: () => unknown,
  options: { readonly preview?: boolean; readonly stack?: string } = {},
): Promise<Registered> {
  const monitor = new RecordingMonitor({ newResource, call: ({ inputs }) => inputs });
  pulumi.runtime.setMockOptions(monitor, PROJECT, options.stack ?? STACK, options.preview ?? false);
  // setMockOptions forgets the features that setMocks switched on.
  Object.assign(globalStore, { supportsDeletedWith: true });
  await withoutTraces(async () => {
    program();
    await pulumi.runtime.disconnect();
  });
  return monitor.registrations;
}

/**
 * Pulumi takes a stack trace for every promise; mocha asks for endless ones, and ts-node maps every frame to its
 * source. Together that is nine tenths of a program's time under mocks, so that a recording has none.
 * TEST_TRACES=1 brings them back, to find out where a component throws.
 */
async function withoutTraces(run: () => Promise<void>): Promise<void> {
  const { stackTraceLimit } = Error;
  if (process.env["TEST_TRACES"] !== "1") Error.stackTraceLimit = 0;
  try {
    await run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The value of an output, once known. An unknown one never comes: the test then times out. */
export function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

/** The only registration of a type, and of a name where the type alone is not enough. */
export function only(registered: Registered, type: string, name?: string): Registration {
  const [found, ...others] = ofType(registered, type).filter(
    (one) => name === undefined || one.name === name,
  );
  if (found === undefined)
    throw new Error(`no ${type} ${name ?? ""} among ${registered.map((one) => one.name).join(", ")}`);
  if (others.length > 0) throw new Error(`${others.length + 1} of ${type} ${name ?? ""}, not one`);
  return found;
}

export function ofType(registered: Registered, type: string): Registered {
  return registered.filter((one) => one.type === type);
}

/** `type name` of every registration, sorted: a component's contents at a glance. */
export function inventory(registered: Registered): string[] {
  return registered.map(({ type, name }) => `${type} ${name}`).sort();
}

/** Names of the resources that a registration waits for, over any number of steps. */
export function waitsFor(registered: Registered, { dependsOn }: Registration): Set<string> {
  const byUrn = new Map(registered.map((one) => [one.urn, one]));
  const names = new Set<string>();
  const open = [...dependsOn];
  for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
    const found = byUrn.get(urn);
    if (found === undefined || names.has(`${found.type} ${found.name}`)) continue;
    names.add(`${found.type} ${found.name}`);
    open.push(...found.dependsOn);
  }
  return names;
}

/** The mock layer tells `newResource` only name, type and inputs; the request itself has the options too. */
class RecordingMonitor extends MockMonitor {
  readonly registrations: Registration[] = [];

  override async registerResource(
    request: RegisterResourceRequest,
    callback: (error: unknown, response: Response | undefined) => void,
  ): Promise<void> {
    await super.registerResource(request, (error, response: Response | undefined) => {
      if (response) this.registrations.push(registration(request, response.getUrn()));
      callback(error, response);
    });
  }
}

interface Response {
  getUrn(): string;
}

function registration(request: RegisterResourceRequest, urn: string): Registration {
  const timeouts = request.getCustomtimeouts();
  const inputs = request.getObject();
  return {
    name: request.getName(),
    type: request.getType(),
    urn,
    parent: request.getParent(),
    custom: request.getCustom(),
    inputs: inputs ? pulumi.runtime.deserializeProperties(inputs) : {},
    dependsOn: request.getDependenciesList(),
    sources: sourcesOf(request),
    protect: request.getProtect() ?? false,
    provider: request.getProvider(),
    providers: Object.fromEntries(request.getProvidersMap().toArray()),
    aliases: request.getAliasurnsList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    deletedWith: request.getDeletedwith(),
    retainOnDelete: request.getRetainondelete() ?? false,
    timeouts: {
      create: timeouts?.getCreate() ?? "",
      update: timeouts?.getUpdate() ?? "",
      delete: timeouts?.getDelete() ?? "",
    },
  };
}

function sourcesOf(request: RegisterResourceRequest): Record<string, readonly string[]> {
  const sources: Record<string, readonly string[]> = {};
  request.getPropertydependenciesMap().forEach((dependencies, property) => {
    sources[property] = dependencies.getUrnsList();
  });
  return sources;
}

/** In a preview nothing is known that AWS computes: neither ids nor outputs. */
function newResource({
  name,
  type,
  inputs,
  id,
}: pulumi.runtime.MockResourceArgs): pulumi.runtime.MockResourceResult {
  if (pulumi.runtime.isDryRun()) return { id: undefined, state: { ...inputs, ...unknowns(type) } };
  return { id: id || `${name}-id`, state: { name: `${name}-named`, ...inputs, ...computed(type, name) } };
}

/** The outputs of a remote component that are left out would be known, and undefined. */
function unknowns(type: string): Record<string, unknown> {
  const { unknownValue } = pulumi.runtime;
  return type === "eks:index:Cluster" ? { kubeconfigJson: unknownValue, eksCluster: unknownValue } : {};
}

function computed(type: string, name: string): Record<string, unknown> {
  if (type === "eks:index:Cluster")
    return {
      kubeconfigJson: '{"clusters":[]}',
      eksCluster: { endpoint: "https://eks.test", certificateAuthority: { data: "Y2VydA==" } },
    };
  return {
    arn: `arn:aws:mock:::${name}`,
    latestVersion: 7,
    keyId: `${name}-key-id`,
    publicIp: "203.0.113.7",
    nodeGroupName: `${name}-made`,
    repositoryUrl: `registry.test/${name}`,
  };
}
