import type { FieldChange } from "./diff";
import type { Properties } from "./values";

/** What every resource request carries. */
export interface ResourceRequest {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Configuration of the provider instance that the engine asked; empty while it is not configured. */
  readonly config: Properties;
}

/** How long the program lets an operation take: its `customTimeouts`. */
export interface Patience {
  /** In seconds; 0 or left out where the program says nothing. */
  readonly timeoutSeconds?: number;
}

export interface CheckResult {
  readonly inputs: Properties;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

export interface DiffResult {
  readonly fields: readonly FieldChange[];
  readonly deleteBeforeReplace: boolean;
}

export interface ObjectResult {
  readonly id: string;
  readonly outputs: Properties;
}

/** What may take its time: with a lab there are real things to wait for. */
export type Awaitable<Value> = Value | Promise<Value>;

/** An object that was made, but does not work: the engine must keep it in its state, or it would be orphaned. */
export class InitFailure extends Error {
  override readonly name = "InitFailure";
  readonly object: ObjectResult;

  constructor(message: string, object: ObjectResult) {
    super(message);
    this.object = object;
  }
}

/** One simulated provider package. The gRPC layer knows nothing of AWS or Kubernetes, and these know nothing of gRPC. */
export interface SimulatedPackage {
  readonly name: string;
  readonly version: string;
  check(request: ResourceRequest & { readonly olds: Properties; readonly news: Properties }): CheckResult;
  diff(
    request: ResourceRequest & {
      readonly oldInputs: Properties;
      readonly oldOutputs: Properties;
      readonly news: Properties;
      readonly ignore: readonly string[];
    },
  ): DiffResult;
  create(
    request: ResourceRequest & Patience & { readonly inputs: Properties; readonly preview: boolean },
  ): ObjectResult;
  update(
    request: ResourceRequest &
      Patience & {
        readonly id: string;
        readonly oldInputs: Properties;
        readonly oldOutputs: Properties;
        readonly news: Properties;
        readonly preview: boolean;
      },
  ): ObjectResult;
  read(
    request: ResourceRequest & { readonly id: string; readonly outputs: Properties },
  ): ObjectResult | undefined;
  delete(request: ResourceRequest & Patience & { readonly id: string; readonly outputs: Properties }): void;
  invoke(token: string, args: Properties, config: Properties): Properties;
}

/** A provider package as it is served: simulated, or over something real. */
export type ProviderPackage = {
  readonly [Key in keyof SimulatedPackage]: SimulatedPackage[Key] extends (
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => Awaitable<Result>
    : SimulatedPackage[Key];
} & {
  /** Gives up what is waited for. */
  readonly cancel?: () => void;
};
