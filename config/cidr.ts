/** IPv4 ranges as arithmetic: what the network is cut into, and what overlaps what. */

/** Where an instance reads its metadata, and with it the node role's credentials. */
export const INSTANCE_METADATA = "169.254.169.254/32";

export interface Cidr {
  /** First address as a 32-bit number. */
  readonly base: number;
  readonly prefix: number;
}

export interface ZoneSubnets {
  readonly zone: string;
  readonly publicCidr: string;
  readonly privateCidr: string;
}

/** Zones that the plan has room for, by the letter at the end of their name. */
export const ZONE_LETTERS = "abcdef";
const BLOCK_BITS = 3;

export function parseCidr(text: string): Cidr {
  const [address = "", prefix = "32"] = text.split("/");
  const base = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return { base, prefix: Number(prefix) };
}

export function formatCidr({ base, prefix }: Cidr): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256);
  return `${octets.join(".")}/${prefix}`;
}

/** Whether the address is the first of its range: `10.0.0.1/16` is not. */
export function isAligned({ base, prefix }: Cidr): boolean {
  return base % sizeOf(prefix) === 0;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.base < b.base + sizeOf(b.prefix) && b.base < a.base + sizeOf(a.prefix);
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.base <= inner.base && inner.base + sizeOf(inner.prefix) <= outer.base + sizeOf(outer.prefix);
}

/**
 * A private and a public subnet for each zone. The range is cut into eight blocks: the first six are the private
 * subnets (nodes and pods) of zones a to f, the last is cut again into small public ones (NAT gateways only). A zone's
 * place follows from its letter, so that adding, removing or reordering zones never moves another's subnet.
 *
 * @throws RangeError for a zone that the plan has no place for; the config's rules refuse it before
 */
export function planSubnets(cidr: string, zones: readonly string[]): ZoneSubnets[] {
  const vpc = parseCidr(cidr);
  const privatePrefix = vpc.prefix + BLOCK_BITS;
  const publicPrefix = privatePrefix + BLOCK_BITS;
  const publicBase = vpc.base + (2 ** BLOCK_BITS - 1) * sizeOf(privatePrefix);
  return zones.map((zone) => {
    const place = ZONE_LETTERS.indexOf(zone.slice(-1));
    if (place < 0) throw new RangeError(`the subnet plan has no place for zone ${zone}; it has zones a to f`);
    return {
      zone,
      privateCidr: formatCidr({ base: vpc.base + place * sizeOf(privatePrefix), prefix: privatePrefix }),
      publicCidr: formatCidr({ base: publicBase + place * sizeOf(publicPrefix), prefix: publicPrefix }),
    };
  });
}

function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}
