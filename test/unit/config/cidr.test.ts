import assert from "node:assert/strict";
import { constantFrom, integer, property, tuple } from "fast-check";
import {
  type Cidr,
  contains,
  formatCidr,
  isAligned,
  overlaps,
  parseCidr,
  planSubnets,
} from "../../../config/cidr";
import { holds } from "../tuning/holds";

const ZONES = ["a", "b", "c", "d", "e", "f"].map((letter) => `eu-central-1${letter}`);

/** Every VPC range that the parser accepts: /16 to /20 in 10.0.0.0/8, on its boundary. */
const vpcs = tuple(integer({ min: 16, max: 20 }), integer({ min: 0, max: 2 ** 24 - 1 })).map(
  ([prefix, host]) => {
    const size = 2 ** (32 - prefix);
    return formatCidr({ base: 10 * 2 ** 24 + Math.floor(host / size) * size, prefix });
  },
);
const zoneCounts = integer({ min: 2, max: ZONES.length });

describe("IPv4 ranges", () => {
  const forms: readonly (readonly [string, Cidr])[] = [
    ["0.0.0.0/0", { base: 0, prefix: 0 }],
    ["10.0.0.0/8", { base: 167_772_160, prefix: 8 }],
    ["10.40.0.0/16", { base: 170_393_600, prefix: 16 }],
    ["255.255.255.255/32", { base: 4_294_967_295, prefix: 32 }],
  ];
  for (const [text, range] of forms)
    it(`${text} is read and written`, () => {
      assert.deepEqual(parseCidr(text), range);
      assert.equal(formatCidr(range), text);
    });

  const pairs = [
    { a: "10.0.0.0/16", b: "10.0.0.0/16", overlap: true, inside: true },
    { a: "10.0.0.0/8", b: "10.255.255.0/24", overlap: true, inside: true },
    { a: "10.0.0.0/16", b: "10.1.0.0/16", overlap: false, inside: false },
    { a: "10.0.128.0/17", b: "10.0.0.0/16", overlap: true, inside: false },
    { a: "192.168.0.0/16", b: "192.167.255.0/24", overlap: false, inside: false },
    { a: "0.0.0.0/0", b: "255.255.255.255/32", overlap: true, inside: true },
  ];
  for (const { a, b, overlap, inside } of pairs)
    it(`${b} ${overlap ? "overlaps" : "is apart from"} ${a}${inside ? " and lies in it" : ""}`, () => {
      assert.equal(overlaps(parseCidr(a), parseCidr(b)), overlap);
      assert.equal(overlaps(parseCidr(b), parseCidr(a)), overlap);
      assert.equal(contains(parseCidr(a), parseCidr(b)), inside);
    });

  for (const [text, aligned] of [
    ["10.40.0.0/16", true],
    ["10.40.1.0/16", false],
    ["10.40.16.0/20", true],
    ["10.40.8.0/20", false],
    ["10.0.0.1/32", true],
  ] as const)
    it(`${text} is ${aligned ? "" : "not "}the start of a range`, () =>
      assert.equal(isAligned(parseCidr(text)), aligned));
});

describe("the subnet plan", () => {
  it("of dev is what the VPC has", () => {
    assert.deepEqual(planSubnets("10.40.0.0/16", ZONES.slice(0, 3)), [
      { zone: "eu-central-1a", privateCidr: "10.40.0.0/19", publicCidr: "10.40.224.0/22" },
      { zone: "eu-central-1b", privateCidr: "10.40.32.0/19", publicCidr: "10.40.228.0/22" },
      { zone: "eu-central-1c", privateCidr: "10.40.64.0/19", publicCidr: "10.40.232.0/22" },
    ]);
  });

  it("keeps subnets apart, on their boundaries and inside the VPC", () => {
    holds(
      property(vpcs, zoneCounts, (vpc, count) => {
        const ranges = planSubnets(vpc, ZONES.slice(0, count))
          .flatMap(({ privateCidr, publicCidr }) => [privateCidr, publicCidr])
          .map(parseCidr);
        for (const [index, range] of ranges.entries()) {
          assert.ok(contains(parseCidr(vpc), range), `${formatCidr(range)} is outside ${vpc}`);
          assert.ok(isAligned(range), formatCidr(range));
          for (const other of ranges.slice(index + 1))
            assert.ok(!overlaps(range, other), `${formatCidr(other)}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("gives a zone the same subnets wherever it stands in the list, and whoever stands beside it", () => {
    const plan = (zones: readonly string[]) =>
      new Map(planSubnets("10.40.0.0/16", zones).map((subnets) => [subnets.zone, subnets]));
    const [all, some] = [plan(ZONES), plan(["eu-central-1c", "eu-central-1a"])];
    for (const [zone, subnets] of some) assert.deepEqual(subnets, all.get(zone));
  });

  it("refuses a zone that it has no place for", () => {
    assert.throws(() => planSubnets("10.40.0.0/16", ["eu-central-1g"]), /no place for zone eu-central-1g/);
  });

  it("moves nobody when a zone is added at the end", () => {
    holds(
      property(vpcs, zoneCounts, (vpc, count) => {
        const before = planSubnets(vpc, ZONES.slice(0, count - 1));
        assert.deepEqual(planSubnets(vpc, ZONES.slice(0, count)).slice(0, count - 1), before);
      }),
      { numRuns: 50 },
    );
  });

  it("leaves AWS's smallest subnet, a /28, far behind", () => {
    holds(
      property(constantFrom("10.0.0.0/16", "10.0.0.0/20"), zoneCounts, (vpc, count) => {
        for (const { publicCidr, privateCidr } of planSubnets(vpc, ZONES.slice(0, count))) {
          assert.ok(parseCidr(publicCidr).prefix <= 26, publicCidr);
          assert.ok(parseCidr(privateCidr).prefix <= 23, privateCidr);
        }
      }),
      { numRuns: 20 },
    );
  });
});
