import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { TYPES } from "./contract";
import { accountKeyPolicy } from "./key-policies";

export interface EngineRegistryArgs {
  repository: string;
  accountId: string;
  region: string;
  protect: boolean;
}

/** A tagged image is never deleted: an engine that has run for a year must find its digest when it moves to another node. */
const UNTAGGED_DAYS = 30;

/** Repository of the engines' images: tags never move, every push is scanned, encrypted with a key of its own. */
export class EngineRegistry extends pulumi.ComponentResource {
  readonly repositoryUrl: pulumi.Output<string>;

  constructor(name: string, args: EngineRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPES.registry, name, args, opts);
    const key = new aws.kms.Key(
      `${name}-key`,
      {
        description: `Engine images in ${args.repository}`,
        enableKeyRotation: true,
        deletionWindowInDays: 30,
        policy: accountKeyPolicy(args.accountId, args.region),
      },
      { parent: this, protect: args.protect },
    );
    const repository = new aws.ecr.Repository(
      `${name}-repository`,
      {
        name: args.repository,
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: key.arn }],
      },
      { parent: this, protect: args.protect },
    );
    new aws.ecr.LifecyclePolicy(
      `${name}-lifecycle`,
      { repository: repository.name, policy: JSON.stringify({ rules: [expireUntagged(UNTAGGED_DAYS)] }) },
      { parent: this },
    );
    this.repositoryUrl = repository.repositoryUrl;
    this.registerOutputs({ repositoryUrl: this.repositoryUrl });
  }
}

function expireUntagged(days: number) {
  return {
    rulePriority: 1,
    description: `delete what lost its tag ${days} days ago`,
    selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: days },
    action: { type: "expire" },
  };
}
