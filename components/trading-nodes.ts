import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { NodesConfig } from "../config/schema";
import type { NodePlan } from "../tuning";
import { encodeUserData, renderUserData, type UserDataTemplate } from "../tuning";
import { type TradingNodesInputs, TYPES } from "./contract";
import { dependencies } from "./dependencies";
import type { Network } from "./network";
import { baseTemplate, createNodeRole } from "./node-group";
import type { TradingCluster } from "./trading-cluster";

export interface TradingNodesArgs extends TradingNodesInputs {
  region: string;
  config: Pick<NodesConfig, "ami" | "rootVolume" | "placement" | "capacityReservations" | "updateStrategy">;
  network: Network;
  cluster: TradingCluster;
  volumeKeyArn: pulumi.Input<string>;
}

/** One zone's node group. */
export interface NodeGroupSummary {
  readonly name: pulumi.Output<string>;
  readonly zone: string;
  readonly instanceType: string;
  readonly size: number;
  readonly housekeepingCpus: string;
  readonly isolatedCpus: string;
}

/**
 * The engines' nodes: one tainted, tuned group in each zone, since a volume never leaves its zone. The groups are
 * chained, so that a new AMI or template rolls one zone after the other.
 *
 * Cost: enginesPerZone + spareNodesPerZone instances in each zone, on demand. Risk: a change of user data replaces
 * every node; each engine is then drained once.
 */
export class TradingNodes extends pulumi.ComponentResource {
  readonly groups: NodeGroupSummary[];

  constructor(name: string, args: TradingNodesArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan, zones, enginesPerZone, spareNodesPerZone, clusterName } = args;
    const inputs = {
      plan,
      zones,
      enginesPerZone,
      spareNodesPerZone,
      clusterName,
    } satisfies TradingNodesInputs;
    super(TYPES.nodes, name, inputs, opts);
    for (const warning of plan.warnings) void pulumi.log.warn(warning, this);
    const { role, attachments } = createNodeRole(this, name, args.region);
    const userData = renderNodeUserData(args);
    let previous: pulumi.Resource[] = attachments;
    this.groups = zones.map((zone) => {
      const template = createTemplate(this, name, zone, args, userData);
      const group = createGroup(this, name, zone, args, {
        role,
        template,
        dependsOn: dependencies(opts, previous),
      });
      previous = [...attachments, group];
      return summarize(group, zone, args);
    });
    this.registerOutputs({ groups: this.groups });
  }
}

/** Known in preview in merge mode; with an AMI of our own it holds the cluster's address, known after its creation. */
function renderNodeUserData(args: TradingNodesArgs): pulumi.Input<string> {
  const { endpoint, certificateAuthority, serviceCidr } = args.cluster;
  const encode = (template: UserDataTemplate) => encodeUserData(renderUserData(args.plan, template));
  if (args.config.ami.mode === "merge") return encode({ kind: "merge" });
  return pulumi.all([endpoint, certificateAuthority]).apply(([address, authority]) =>
    encode({
      kind: "own",
      cluster: { name: args.clusterName, endpoint: address, certificateAuthority: authority, serviceCidr },
    }),
  );
}

function createTemplate(
  parent: TradingNodes,
  name: string,
  zone: string,
  { plan, config, clusterName, volumeKeyArn }: TradingNodesArgs,
  userData: pulumi.Input<string>,
): aws.ec2.LaunchTemplate {
  const reservation = config.capacityReservations[zone];
  return new aws.ec2.LaunchTemplate(
    `${name}-${zone}`,
    {
      namePrefix: `${name}-${zone}-`,
      ...baseTemplate(config.rootVolume, volumeKeyArn, { Name: `${clusterName}-${zone}`, ...plan.labels }),
      userData,
      ...(config.ami.mode === "own" ? { imageId: config.ami.imageId } : {}),
      ...(plan.cpuOptions ? { cpuOptions: { ...plan.cpuOptions } } : {}),
      ...(config.placement === "cluster"
        ? { placement: { groupName: createPlacementGroup(parent, name, zone).name } }
        : {}),
      ...(reservation === undefined ? {} : { capacityReservationSpecification: reserved(reservation) }),
    },
    { parent },
  );
}

function createPlacementGroup(parent: TradingNodes, name: string, zone: string): aws.ec2.PlacementGroup {
  return new aws.ec2.PlacementGroup(`${name}-${zone}`, { strategy: "cluster" }, { parent });
}

function reserved(capacityReservationId: string) {
  return {
    capacityReservationPreference: "capacity-reservations-only",
    capacityReservationTarget: { capacityReservationId },
  };
}

interface GroupParts {
  readonly role: aws.iam.Role;
  readonly template: aws.ec2.LaunchTemplate;
  readonly dependsOn: ReturnType<typeof dependencies>;
}

function createGroup(
  parent: TradingNodes,
  name: string,
  zone: string,
  args: TradingNodesArgs,
  { role, template, dependsOn }: GroupParts,
): aws.eks.NodeGroup {
  const { plan, config } = args;
  const size = sizeOf(args);
  return new aws.eks.NodeGroup(
    `${name}-${zone}`,
    {
      clusterName: args.clusterName,
      // Not the component's name: AWS's provider takes 37 characters, and "trading-staging-engines-eu-central-1a-" has 38.
      nodeGroupNamePrefix: `engines-${zone}-`,
      nodeRoleArn: role.arn,
      subnetIds: [subnetOf(args, zone)],
      instanceTypes: [plan.instanceType],
      capacityType: "ON_DEMAND",
      ...(config.ami.mode === "merge"
        ? { amiType: config.ami.amiType, releaseVersion: config.ami.releaseVersion }
        : {}),
      labels: { ...plan.labels },
      taints: plan.taints.map(({ key, value, effect }) => ({
        key,
        value,
        effect: NODE_GROUP_EFFECTS[effect],
      })),
      scalingConfig: { minSize: size, desiredSize: size, maxSize: size },
      updateConfig: { maxUnavailable: 1, updateStrategy: config.updateStrategy },
      launchTemplate: { id: template.id, version: pulumi.interpolate`${template.latestVersion}` },
    },
    { parent, dependsOn },
  );
}

/** EKS writes the effects of Kubernetes in capitals. */
const NODE_GROUP_EFFECTS = {
  NoSchedule: "NO_SCHEDULE",
  PreferNoSchedule: "PREFER_NO_SCHEDULE",
  NoExecute: "NO_EXECUTE",
} as const satisfies Record<NodePlan["taints"][number]["effect"], string>;

function sizeOf({ enginesPerZone, spareNodesPerZone }: TradingNodesInputs): number {
  return enginesPerZone + spareNodesPerZone;
}

function subnetOf({ network }: TradingNodesArgs, zone: string): pulumi.Input<string> {
  const subnet = network.privateSubnetByZone[zone];
  if (subnet === undefined)
    throw new pulumi.RunError(
      `zone ${zone} has no private subnet; the network has ${Object.keys(network.privateSubnetByZone).join(", ")}: add the zone to network.zones`,
    );
  return subnet;
}

function summarize(group: aws.eks.NodeGroup, zone: string, args: TradingNodesArgs): NodeGroupSummary {
  return {
    name: group.nodeGroupName,
    zone,
    instanceType: args.plan.instanceType,
    size: sizeOf(args),
    housekeepingCpus: args.plan.cpus.housekeeping,
    isolatedCpus: args.plan.cpus.isolated,
  };
}
