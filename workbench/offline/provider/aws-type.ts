import type { ChangeRules } from "./diff";
import type { Properties } from "./values";

/** What a model may use to compute an object's outputs. */
export interface ModelContext {
  /** Different for every object, the same on every run: the source of all invented digits. */
  readonly seed: string;
  readonly inputs: Properties;
  readonly region: string;
  readonly account: string;
  /** The object's previous outputs, on an update. */
  readonly old: Properties | undefined;
}

export interface Model {
  readonly id: string;
  readonly outputs: Properties;
}

/** Everything the offline provider knows of one AWS resource type. */
export interface AwsType {
  readonly rules: ChangeRules;
  /** Fields that the bridge fills with the logical name and seven random digits when the program leaves them out. */
  readonly autoname?: {
    readonly field: string;
    readonly unless?: readonly string[];
    readonly suffix?: string;
  };
  /** Id and outputs of an object with these inputs. */
  readonly model: (context: ModelContext) => Model;
  /** The identity that AWS allows once, with AWS's own refusal. */
  readonly unique?: (
    inputs: Properties,
  ) => { readonly identity: string; readonly refusal: string } | undefined;
  /** AWS's refusal to delete this object, if it refuses. */
  readonly refuseDelete?: (outputs: Properties) => string | undefined;
}
