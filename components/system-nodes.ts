import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/schema";
import { TYPES } from "./contract";
import { dependencies } from "./dependencies";
import type { Network } from "./network";
import { baseTemplate, createNodeRole } from "./node-group";

export interface SystemNodesArgs {
  clusterName: string;
  region: string;
  nodes: ClusterConfig["systemNodes"];
  network: Network;
  volumeKeyArn: pulumi.Input<string>;
}

/**
 * Untainted nodes for CoreDNS, the EBS controller and everything that is not an engine. Without them the add-ons have
 * nowhere to run, and every claim and every name waits.
 */
export class SystemNodes extends pulumi.ComponentResource {
  readonly nodeGroupName: pulumi.Output<string>;

  constructor(name: string, args: SystemNodesArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPES.systemNodes, name, { clusterName: args.clusterName, ...args.nodes }, opts);
    const { role, attachments } = createNodeRole(this, name, args.region);
    const template = new aws.ec2.LaunchTemplate(
      `${name}-template`,
      { namePrefix: `${name}-`, ...baseTemplate("40 GiB", args.volumeKeyArn, { Name: name }) },
      { parent: this },
    );
    const group = new aws.eks.NodeGroup(
      `${name}-group`,
      {
        clusterName: args.clusterName,
        // A prefix may have 37 characters; the group's cluster already says which environment it is.
        nodeGroupNamePrefix: "system-",
        nodeRoleArn: role.arn,
        subnetIds: args.network.privateSubnetIds,
        instanceTypes: [args.nodes.instanceType],
        capacityType: "ON_DEMAND",
        amiType: amiTypeOf(args.nodes.instanceType),
        releaseVersion: args.nodes.releaseVersion,
        labels: { "node-type": "system" },
        scalingConfig: {
          minSize: args.nodes.count,
          desiredSize: args.nodes.count,
          maxSize: args.nodes.count + 1,
        },
        updateConfig: { maxUnavailable: 1 },
        launchTemplate: { id: template.id, version: pulumi.interpolate`${template.latestVersion}` },
      },
      { parent: this, dependsOn: dependencies(opts, attachments) },
    );
    this.nodeGroupName = group.nodeGroupName;
    this.registerOutputs({ nodeGroupName: this.nodeGroupName });
  }
}

/** Graviton families have a `g` behind their generation: m7g, c8gd. */
export function amiTypeOf(instanceType: string): string {
  return /^[a-z]+[0-9]+g/.test(instanceType) ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD";
}
