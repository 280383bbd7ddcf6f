import type { AwsType } from "../aws-type";
import { at, type Properties } from "../values";
import { arn, ec2Id, ec2Object, fromMemory, input, nameFrom, read, rules } from "./shared";

const TEMPLATE_UPDATES = [
  "blockDeviceMappings",
  "capacityReservationSpecification",
  "cpuOptions",
  "creditSpecification",
  "defaultVersion",
  "description",
  "disableApiStop",
  "disableApiTermination",
  "ebsOptimized",
  "enclaveOptions",
  "hibernationOptions",
  "iamInstanceProfile",
  "imageId",
  "instanceInitiatedShutdownBehavior",
  "instanceMarketOptions",
  "instanceRequirements",
  "instanceType",
  "kernelId",
  "keyName",
  "licenseSpecifications",
  "maintenanceOptions",
  "metadataOptions",
  "monitoring",
  "networkInterfaces",
  "placement",
  "privateDnsNameOptions",
  "ramDiskId",
  "securityGroupNames",
  "tagSpecifications",
  "updateDefaultVersion",
  "userData",
  "vpcSecurityGroupIds",
];

// resourceLaunchTemplate's CustomizeDiff: any change except these makes a new version. A change of what these say about
// the default version makes the default unknown as well, as long as it follows the latest one.
const VERSION_NEUTRAL = ["defaultVersion", "description", "updateDefaultVersion"];
const MAKES_VERSION = [...TEMPLATE_UPDATES.filter((field) => !VERSION_NEUTRAL.includes(field)), "tags"];

// The beginning of this copy was not read, so its lines have no numbers here.
const LAUNCH_TEMPLATE = read(
  "ec2/ec2_launch_template.go",
  "Schema from instance_requirements on, CustomizeDiff",
  "before 6.0, 92,324 characters; the schema's beginning at commit 025e4f81cab8",
);

/** Launch templates and what belongs to instances. */
export const COMPUTE: Readonly<Record<string, AwsType>> = {
  "aws:ec2/launchTemplate:LaunchTemplate": {
    autoname: { field: "name", unless: ["namePrefix"] },
    rules: rules(LAUNCH_TEMPLATE, {
      replaces: ["name", "namePrefix"],
      updates: TEMPLATE_UPDATES,
      unread: ["networkPerformanceOptions", "secondaryInterfaces"],
      computedOnUpdate: [
        { output: "latestVersion", when: MAKES_VERSION },
        {
          output: "defaultVersion",
          when: [...MAKES_VERSION, "defaultVersion", "updateDefaultVersion"],
          onlyIf: "updateDefaultVersion",
        },
      ],
    }),
    model: (context) => {
      const { outputs, id } = ec2Object("lt", "launch-template")(context);
      const latestVersion = version(context.old) + 1;
      const follows = context.inputs.updateDefaultVersion === true || context.old === undefined;
      const given = context.inputs.defaultVersion;
      const defaultVersion = given ?? (follows ? latestVersion : (at(context.old, "defaultVersion") ?? 1));
      return { id, outputs: { ...outputs, name: nameFrom(context), latestVersion, defaultVersion } };
    },
  },
  "aws:ec2/placementGroup:PlacementGroup": {
    autoname: { field: "name" },
    rules: rules(read("ec2/ec2_placement_group.go", "42-79", "commit 05e34de73422"), {
      replaces: ["name", "partitionCount", "spreadLevel", "strategy"],
      updates: [],
    }),
    model: (context) => {
      const id = input(context.inputs, "name");
      const outputs = {
        arn: arn("ec2", context, `placement-group/${id}`),
        placementGroupId: ec2Id("pg", context),
      };
      return { id, outputs };
    },
  },
  "aws:ec2/capacityReservation:CapacityReservation": {
    rules: rules(fromMemory("ec2/ec2_capacity_reservation.go"), {
      replaces: [
        "availabilityZone",
        "ebsOptimized",
        "ephemeralStorage",
        "instanceMatchCriteria",
        "instancePlatform",
        "instanceType",
        "outpostArn",
        "placementGroupArn",
        "tenancy",
      ],
      updates: ["endDate", "endDateType", "instanceCount"],
    }),
    model: ec2Object("cr", "capacity-reservation"),
  },
  "aws:autoscaling/tag:Tag": {
    rules: rules(fromMemory("autoscaling/group_tag.go"), {
      replaces: ["autoscalingGroupName", "tag.key"],
      updates: ["tag.value", "tag.propagateAtLaunch"],
    }),
    model: ({ inputs }) => ({
      id: `${input(inputs, "autoscalingGroupName")},${String(at(inputs, "tag", "key"))}`,
      outputs: {},
    }),
  },
};

function version(old: Properties | undefined): number {
  const latest = at(old, "latestVersion");
  return typeof latest === "number" ? latest : 0;
}
