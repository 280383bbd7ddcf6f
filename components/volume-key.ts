import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { TYPES } from "./contract";
import { volumeKeyPolicy } from "./key-policies";

export interface VolumeKeyArgs {
  /** The AWS account, whose administrators and Auto Scaling role may use the key. */
  accountId: string;
  region: string;
  /** Pulumi's `protect`: without the key, every volume is lost. */
  protect: boolean;
}

/**
 * The key of all volumes: node roots, engine volumes and their snapshots. Made before nodes and driver, since both
 * need it.
 *
 * Cost: one KMS key, about 1 USD a month. Risk: a deleted key makes every volume unreadable; 30 days to change one's mind.
 */
export class VolumeKey extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: VolumeKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPES.volumeKey, name, args, opts);
    const key = new aws.kms.Key(
      `${name}-key`,
      {
        description: `Volumes of ${name}`,
        enableKeyRotation: true,
        deletionWindowInDays: 30,
        policy: volumeKeyPolicy(args.accountId, args.region),
      },
      { parent: this, protect: args.protect },
    );
    new aws.kms.Alias(`${name}-alias`, { name: `alias/${name}`, targetKeyId: key.keyId }, { parent: this });
    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
