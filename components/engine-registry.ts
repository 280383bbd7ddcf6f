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

/** Images that are not deleted when they are untagged for a moment: the last this many are kept. */
const KEPT_IMAGES = 100;

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
      { repository: repository.name, policy: JSON.stringify({ rules: [keepLast(KEPT_IMAGES)] }) },
      { parent: this },
    );
    this.repositoryUrl = repository.repositoryUrl;
    this.registerOutputs({ repositoryUrl: this.repositoryUrl });
  }
}

function keepLast(count: number) {
  return {
    rulePriority: 1,
    description: `keep the last ${count} images`,
    selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: count },
    action: { type: "expire" },
  };
}
