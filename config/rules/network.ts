import { contains, overlaps, parseCidr, ZONE_LETTERS } from "../cidr";
import type { Problem } from "../problems";
import { type Rule, repeated } from "./sections";

const PRIVATE_RANGES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
const WIDEST = 16;
const NARROWEST = 20;

/** The VPC's range: private, aligned, of a size that fits, and free of every other range that it must reach. */
export const vpcRange: Rule = ({ network, cluster }) => {
  if (!network) return [];
  const path = "network.cidr";
  const vpc = parseCidr(network.cidr);
  const problems: Problem[] = [];
  if (vpc.prefix > NARROWEST)
    problems.push({
      path,
      problem: `is too small for subnets with pods; use a /${WIDEST} to /${NARROWEST}`,
      got: network.cidr,
    });
  if (vpc.prefix < WIDEST)
    problems.push({
      path,
      problem: `is larger than a VPC may be; use a /${WIDEST} to /${NARROWEST}`,
      got: network.cidr,
    });
  if (!PRIVATE_RANGES.some((range) => contains(parseCidr(range), vpc)))
    problems.push({
      path,
      problem: `is not private; use a part of ${PRIVATE_RANGES.join(", ")}`,
      got: network.cidr,
    });
  if (cluster && overlaps(vpc, parseCidr(cluster.serviceCidr)))
    problems.push({
      path,
      problem: `overlaps cluster.serviceCidr ${cluster.serviceCidr}, whose ClusterIPs would hide hosts of the VPC; choose a range that is free`,
      got: network.cidr,
    });
  for (const [index, reserved] of network.reservedCidrs.entries())
    if (overlaps(vpc, parseCidr(reserved)))
      problems.push({
        path,
        problem: `overlaps network.reservedCidrs[${index}] ${reserved}; choose a range that is free`,
        got: network.cidr,
      });
  return problems;
};

/** Zones: each once, all of the region, each with a place in the subnet plan. */
export const networkZones: Rule = ({ network, region }) => {
  if (!network) return [];
  const twice = repeated(network.zones).map((index) => ({
    path: `network.zones[${index}]`,
    problem: "is named twice; a zone has one private and one public subnet: remove one",
    got: network.zones[index],
  }));
  const foreign = network.zones.flatMap((zone, index) =>
    region === undefined || zone.slice(0, -1) === region
      ? []
      : [
          {
            path: `network.zones[${index}]`,
            problem: `is not a zone of region ${region}; name one of its zones, for example ${region}a`,
            got: zone,
          },
        ],
  );
  const placeless = network.zones.flatMap((zone, index) =>
    ZONE_LETTERS.includes(zone.slice(-1))
      ? []
      : [
          {
            path: `network.zones[${index}]`,
            problem: `has no place in the subnet plan; choose zones that end in ${[...ZONE_LETTERS].join(", ")}`,
            got: zone,
          },
        ],
  );
  return [...twice, ...foreign, ...placeless];
};

/** What EKS takes as the range of ClusterIPs. https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html */
export const serviceRange: Rule = ({ cluster }) => {
  if (cluster?.kind !== "eks") return [];
  const range = parseCidr(cluster.serviceCidr);
  const fits = range.prefix >= 12 && range.prefix <= 24;
  if (fits && PRIVATE_RANGES.slice(0, 3).some((block) => contains(parseCidr(block), range))) return [];
  return [
    {
      path: "cluster.serviceCidr",
      problem:
        "is not a range that EKS accepts; use a /12 to /24 of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
      got: cluster.serviceCidr,
    },
  ];
};

/** A control plane that anybody can reach is not what an allow-list is for. */
export const endpointRanges: Rule = ({ cluster }) => {
  if (cluster?.kind !== "eks" || cluster.endpoint === "private") return [];
  return cluster.endpoint.publicCidrs.flatMap((range, index) =>
    parseCidr(range).prefix < 8
      ? [
          {
            path: `cluster.endpoint.publicCidrs[${index}]`,
            problem:
              'opens the Kubernetes API to the internet; name your own ranges, or use endpoint: "private"',
            got: range,
          },
        ]
      : [],
  );
};
