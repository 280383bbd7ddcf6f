/** IPv4 ranges as arithmetic: what the network is cut into, and what overlaps what. */

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

/** Zones that the plan has room for, whatever the number in use: adding a zone never moves another's subnet. */
export const MAX_ZONES = 6;
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
 * A private and a public subnet for each zone. The range is cut into eight blocks: the first six are the zones'
 * private subnets (nodes and pods), the last is cut again into small public ones (NAT gateways only).
 */
export function planSubnets(cidr: string, zones: readonly string[]): ZoneSubnets[] {
  const vpc = parseCidr(cidr);
  const privatePrefix = vpc.prefix + BLOCK_BITS;
  const publicPrefix = privatePrefix + BLOCK_BITS;
  const publicBase = vpc.base + (2 ** BLOCK_BITS - 1) * sizeOf(privatePrefix);
  return zones.map((zone, index) => ({
    zone,
    privateCidr: formatCidr({ base: vpc.base + index * sizeOf(privatePrefix), prefix: privatePrefix }),
    publicCidr: formatCidr({ base: publicBase + index * sizeOf(publicPrefix), prefix: publicPrefix }),
  }));
}

function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}
