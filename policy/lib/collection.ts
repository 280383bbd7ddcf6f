import type { PolicyResource, ResourceValidationPolicy } from "@pulumi/policy";
import { DEFAULT_VOCABULARY, Stack, type Vocabulary } from "./stack";
import { readValue, type Value } from "./value";

/**
 * Inputs of all resources by URN. Stack policies are given outputs, and those are empty for every Kubernetes resource
 * while the cluster does not exist; inputs pass by one resource at a time, in the same process, just before.
 */
export class Collection {
  private readonly inputs = new Map<string, Value>();
  private vocabulary = DEFAULT_VOCABULARY;
  private readonly previous: ReadonlyMap<string, Value>;

  constructor(previous: ReadonlyMap<string, Value> = new Map()) {
    this.previous = previous;
  }

  record(urn: string, props: unknown): void {
    this.inputs.set(urn, readValue(props) ?? {});
  }

  speak(vocabulary: Partial<Vocabulary>): void {
    this.vocabulary = { ...DEFAULT_VOCABULARY, ...vocabulary };
  }

  view(resources: readonly PolicyResource[]): Stack {
    return new Stack(resources, { inputs: this.inputs, previous: this.previous }, this.vocabulary);
  }
}

/** The policy that collects. It refuses nothing; the rules cannot judge a new stack without it. */
export function collector(collection: Collection): ResourceValidationPolicy {
  return {
    name: "trading-inputs",
    description: "Collects the inputs of all resources for the other rules. Must stay enabled.",
    enforcementLevel: "mandatory",
    configSchema: {
      properties: {
        engineImages: {
          type: "array",
          items: { type: "string" },
          default: DEFAULT_VOCABULARY.engineImages,
          description: "Image repositories of engines: whole, or the part after the last slash.",
        },
      },
    },
    validateResource: (args) => {
      collection.speak(args.getConfig<Partial<Vocabulary>>());
      collection.record(args.urn, args.props);
    },
  };
}
