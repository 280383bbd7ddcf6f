import { z } from "zod";
import { isAligned, parseCidr } from "./cidr";
import { type Duration, isDuration, isSize, isThroughput, type Size, type Throughput } from "./units";

/** Building blocks of the schema: one field type each, with a message that says how to write it. */

export const size = quantity<Size>(isSize, 'must be a size with its unit, for example "50 GiB"');
export const duration = quantity<Duration>(
  isDuration,
  'must be a duration with its unit, for example "30 seconds"',
);
export const throughput = quantity<Throughput>(
  isThroughput,
  'must be a throughput with its unit, for example "125 MiB/s"',
);

function quantity<T extends string>(matches: (value: string) => value is T, problem: string) {
  return z.custom<T>((value) => typeof value === "string" && matches(value), { error: problem });
}

/** A string of one form, with the form in the message. */
export function text(pattern: RegExp, problem: string): z.ZodString {
  return z.string({ error: problem }).regex(pattern, { error: problem });
}

/** RFC 1123 label, short enough that `<name>-<ordinal>` and generated names stay within 63 characters. */
export const dnsLabel = text(
  /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/,
  "must be a DNS label: lower-case letters, digits and dashes, starting with a letter, at most 40 characters",
);

/** Short enough that every name which is made from it, generated suffix and all, stays within AWS's 64 characters. */
export const environment = text(
  /^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$/,
  "must be a DNS label: lower-case letters, digits and dashes, starting with a letter, at most 24 characters",
);

/** A namespace of one's own: Kubernetes' own namespaces are there already, and `system-` names of priorities are reserved. */
export const namespace = dnsLabel.regex(/^(?!(kube-|default$|system$|system-))/, {
  error: "belongs to Kubernetes; choose a name that is the engine's own",
});

export const region = text(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, 'must be an AWS region, for example "eu-central-1"');

export const zone = text(
  /^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$/,
  'must be the name of an availability zone, for example "eu-central-1a"',
);

export const market = text(
  /^[A-Z0-9][A-Z0-9._:/-]{0,39}$/,
  'must be a market symbol in capitals, for example "BTCUSDT"',
);

/** Tags move, so an image is named by its digest: what was reviewed is what runs, also after a reschedule. */
export const imageDigest = text(
  /^[a-z0-9]([a-z0-9._/:-]*[a-z0-9])?@sha256:[0-9a-f]{64}$/,
  'must name the image by digest ("registry/repository@sha256:<64 hex digits>"): a tag can move between two starts of one engine',
);

export const kubernetesVersion = text(
  /^1\.(3[3-9]|[4-9][0-9])$/,
  'must be a Kubernetes minor version from "1.33", as a quoted string, for example "1.35"',
);

export const instanceType = text(
  /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
  'must be an EC2 instance type, for example "c7i.4xlarge"',
);

/** Pinned by config so that a node roll is always a pull request, never a surprise. */
export const amiRelease = text(
  /^1\.[0-9]+\.[0-9]+-[0-9]{8}$/,
  'must pin an EKS AMI release, for example "1.35.0-20261105" (an unpinned release rolls the nodes when AWS publishes one)',
);

export const addonVersion = text(
  /^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$/,
  'must pin an add-on version, for example "v1.20.4-eksbuild.1"',
);

export const amiId = text(/^ami-[0-9a-f]{8,17}$/, 'must be an AMI id, for example "ami-0123456789abcdef0"');
export const accountId = text(/^[0-9]{12}$/, "must be an AWS account id: 12 digits, quoted");
export const roleArn = text(
  /^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)\/.+$/,
  "must be the ARN of an IAM role or user",
);
/** Complete, with the six characters that Secrets Manager adds: a policy with less of it matches nothing, or everything. */
export const secretArn = text(
  /^arn:aws(-cn|-us-gov)?:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$/,
  'must be the complete ARN of a Secrets Manager secret, with its last six characters ("…:secret:exchange/btcusdt-AbCdEf")',
);
export const capacityReservation = text(
  /^cr-[0-9a-f]{8,17}$/,
  'must be a capacity reservation id, for example "cr-0123456789abcdef0"',
);

const IPV4_RANGE =
  /^(([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\.){3}([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\/([0-9]|[12][0-9]|3[0-2])$/;

export const cidr = text(IPV4_RANGE, 'must be an IPv4 range in CIDR form, for example "10.40.0.0/16"').refine(
  (range) => !IPV4_RANGE.test(range) || isAligned(parseCidr(range)),
  {
    error: "does not start at the first address of its range; clear the host bits",
  },
);
export const port = z.int({ error: "must be a port number from 1 to 65535" }).min(1).max(65_535);
