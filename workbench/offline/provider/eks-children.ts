import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** The aws and kubernetes versions that the released eks component is built against (nodejs/eks/package.json). */
const AWS_VERSION = "7.25.0";
const KUBERNETES_VERSION = "4.19.0";

/** aws:eks/cluster:Cluster with the outputs that the component reads; the AWS SDK itself is not loaded here. */
export class EksCluster extends pulumi.CustomResource {
  declare readonly arn: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly endpoint: pulumi.Output<string>;
  declare readonly certificateAuthority: pulumi.Output<{ readonly data: string }>;
  declare readonly identities: pulumi.Output<
    readonly { readonly oidcs: readonly { readonly issuer: string }[] }[]
  >;
  declare readonly vpcConfig: pulumi.Output<{ readonly clusterSecurityGroupId: string }>;

  constructor(name: string, inputs: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    const outputs = {
      arn: undefined,
      certificateAuthority: undefined,
      createdAt: undefined,
      endpoint: undefined,
      identities: undefined,
      platformVersion: undefined,
      status: undefined,
      tagsAll: undefined,
    };
    super("aws:eks/cluster:Cluster", name, { name: undefined, ...inputs, ...outputs }, awsOptions(options));
  }
}

/** aws:iam/role:Role with the outputs that the component reads. */
export class Role extends pulumi.CustomResource {
  declare readonly arn: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, inputs: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    const outputs = {
      name: undefined,
      arn: undefined,
      uniqueId: undefined,
      createDate: undefined,
      tagsAll: undefined,
    };
    super("aws:iam/role:Role", name, { ...inputs, ...outputs }, awsOptions(options));
  }
}

/** Any other aws resource of the component: nothing reads its outputs. */
export class AwsResource extends pulumi.CustomResource {
  constructor(type: string, name: string, inputs: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    super(type, name, inputs, awsOptions(options));
  }
}

/** The component's own Kubernetes provider. */
export class KubernetesProvider extends pulumi.ProviderResource {
  constructor(name: string, inputs: pulumi.Inputs, options: pulumi.ResourceOptions) {
    super("kubernetes", name, inputs, { ...options, version: KUBERNETES_VERSION });
  }
}

function awsOptions(options: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  return { ...options, version: AWS_VERSION };
}

/** What {@link ServiceRole} needs to know. */
export interface ServiceRoleArgs {
  readonly service: string;
  readonly description: string;
  readonly managedPolicies: readonly string[];
  readonly tags: pulumi.Input<Record<string, string>> | undefined;
}

/** The component that makes an IAM role for a service and attaches AWS's managed policies (nodejs/eks/servicerole.ts). */
export class ServiceRole extends pulumi.ComponentResource {
  readonly role: Role;
  readonly attachments: readonly AwsResource[];

  constructor(name: string, args: ServiceRoleArgs, options: pulumi.ComponentResourceOptions) {
    super("eks:index:ServiceRole", name, {}, options);
    const assumeRolePolicy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Action: ["sts:AssumeRole", "sts:TagSession"],
          Effect: "Allow",
          Principal: { Service: [args.service] },
        },
      ],
    });
    const { description, tags } = args;
    this.role = new Role(`${name}-role`, { description, assumeRolePolicy, tags }, { parent: this });
    this.attachments = args.managedPolicies.map(
      (policyArn) =>
        new AwsResource(
          "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
          `${name}-${createHash("sha1").update(policyArn).digest("hex").slice(0, 8)}`,
          { policyArn, role: this.role.name },
          { parent: this },
        ),
    );
    this.registerOutputs({ role: this.role });
  }
}
