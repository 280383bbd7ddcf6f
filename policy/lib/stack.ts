import type { PolicyProviderResource, PolicyResource } from "@pulumi/policy";
import { Field, type Owner } from "./field";
import { isMap, readValue, UNKNOWN, type Value } from "./value";

/** Inputs by URN: those of this run, and those before it. */
export interface Inputs {
  readonly inputs: ReadonlyMap<string, Value>;
  readonly previous: ReadonlyMap<string, Value>;
}

/** One resource of the stack: what the program asked for, and what it depends on. */
export class Resource implements Owner {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** The inputs, as the program gave them. */
  readonly inputs: Field;
  /** The inputs before the change, where a state of that time was given and had the resource. */
  readonly previous: Field | undefined;
  readonly protect: boolean;
  private readonly provider: PolicyProviderResource | undefined;
  private readonly origin: PolicyResource;
  private readonly stack: Stack;

  constructor(stack: Stack, origin: PolicyResource, { inputs, previous }: Inputs) {
    this.stack = stack;
    this.origin = origin;
    this.urn = origin.urn;
    this.type = origin.type;
    this.name = origin.name;
    this.provider = origin.provider;
    this.protect = origin.opts.protect;
    this.inputs = new Field(this, "", inputs.get(origin.urn) ?? outputsAsInputs(origin));
    const before = previous.get(origin.urn);
    this.previous = before === undefined ? undefined : new Field(this, "", before);
  }

  /** `kubernetes:apps/v1:StatefulSet` → `StatefulSet`. */
  get kind(): string {
    if (this.type.startsWith("pulumi:providers:")) return "provider";
    return this.type.slice(this.type.lastIndexOf(":") + 1);
  }

  get label(): string {
    return `${this.kind} "${this.name}"`;
  }

  get parent(): Resource | undefined {
    return this.stack.find(this.origin.parent?.urn ?? this.origin.opts.parent);
  }

  /** A setting of the resource's provider. */
  providerInput(key: string): Field {
    const { provider } = this;
    const owner = {
      urn: this.urn,
      label: provider === undefined ? this.label : `provider "${provider.name}" of ${this.label}`,
    };
    return new Field(owner, "", provider === undefined ? {} : readValue(provider.props)).at(key);
  }

  /** The nearest component of a type above this resource. */
  within(type: string): Resource | undefined {
    for (let parent = this.parent; parent !== undefined; parent = parent.parent) {
      if (parent.type === type) return parent;
    }
    return undefined;
  }

  /** Resources that an input was computed from. */
  sources(property: string): Resource[] {
    return this.stack.findAll(this.origin.propertyDependencies[property] ?? []);
  }

  /**
   * Resources of a type that an input leads to, through others if need be: an unknown id or ARN names nothing, but
   * the engine knows where it comes from. The search ends at the first match of each path.
   */
  trace(property: string, ...types: readonly string[]): Resource[] {
    const found: Resource[] = [];
    const seen = new Set<string>();
    const queue = this.sources(property);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (seen.has(next.urn)) continue;
      seen.add(next.urn);
      if (types.includes(next.type)) found.push(next);
      else queue.push(...this.stack.findAll(next.origin.dependencies));
    }
    return found;
  }
}

/** Outputs stand in for inputs that nobody collected; empty ones are the mark of a provider without a cluster. */
function outputsAsInputs({ type, props }: PolicyResource): Value | undefined {
  const outputs = readValue(props);
  const empty = isMap(outputs) && Object.keys(outputs).length === 0;
  return empty && type.startsWith("kubernetes:") ? UNKNOWN : outputs;
}

/** The stack as the rules see it. */
export class Stack {
  readonly resources: readonly Resource[];
  /** Settings that all rules share. */
  readonly vocabulary: Vocabulary;
  private readonly byUrn: ReadonlyMap<string, Resource>;

  constructor(resources: readonly PolicyResource[], known: Inputs, vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
    this.resources = resources.map((resource) => new Resource(this, resource, known));
    this.byUrn = new Map(this.resources.map((resource) => [resource.urn, resource]));
  }

  ofType(...types: readonly string[]): Resource[] {
    return this.resources.filter((resource) => types.includes(resource.type));
  }

  find(urn: string | undefined): Resource | undefined {
    return urn === undefined ? undefined : this.byUrn.get(urn);
  }

  findAll(origins: readonly PolicyResource[]): Resource[] {
    return origins.flatMap((origin) => this.find(origin.urn) ?? []);
  }

  /** False when the cluster is someone else's and only workloads are deployed to it. */
  get ownsCluster(): boolean {
    return this.ofType("eks:index:Cluster", "aws:eks/cluster:Cluster").length > 0;
  }
}

/** Computes something once for each view of a stack. */
export function perStack<Result>(compute: (stack: Stack) => Result): (stack: Stack) => Result {
  const known = new WeakMap<Stack, { readonly result: Result }>();
  return (stack) => {
    const found = known.get(stack) ?? { result: compute(stack) };
    known.set(stack, found);
    return found.result;
  };
}

/** What all rules must agree on. Configured once, on the policy `trading-inputs`. */
export interface Vocabulary {
  /** Image repositories of engines: whole, or the part after the last slash. */
  readonly engineImages: readonly string[];
}

export const DEFAULT_VOCABULARY: Vocabulary = { engineImages: ["trading-engine"] };
