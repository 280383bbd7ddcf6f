import assert from "node:assert/strict";
import { array, integer, property } from "fast-check";
import {
  CpuListError,
  complementCpuList,
  cpuListSize,
  formatCpuList,
  intersectCpuLists,
  parseCpuList,
  unionCpuLists,
} from "../../../tuning";
import { holds } from "./holds";

const cpus = array(integer({ min: 0, max: 200 }), { maxLength: 60 });

describe("CPU lists", () => {
  const readable: readonly [list: string, cpus: number[]][] = [
    ["", []],
    ["0", [0]],
    ["0,4", [0, 4]],
    ["1-3,5-7", [1, 2, 3, 5, 6, 7]],
    [" 2-3 , 0 ", [0, 2, 3]],
    ["3,1-4\n", [1, 2, 3, 4]],
  ];
  for (const [list, expected] of readable) {
    it(`reads ${JSON.stringify(list)}`, () => assert.deepEqual(parseCpuList(list), expected));
  }

  const refused: readonly [list: string, message: RegExp][] = [
    ["a", /"a" is neither a number nor a range/],
    ["0,,1", /"" is neither/],
    ["1-", /"1-" is neither/],
    ["-1", /"-1" is neither/],
    ["0x3", /"0x3" is neither/],
    ["3-1", /the range 3-1 runs backwards/],
    ["0-99999999", /above 8191/],
  ];
  for (const [list, message] of refused) {
    it(`refuses ${JSON.stringify(list)} in words`, () => {
      assert.throws(() => parseCpuList(list), { name: "CpuListError", message });
    });
  }

  it("writes the shortest list", () => {
    assert.equal(formatCpuList([3, 1, 2, 2, 7]), "1-3,7");
    assert.equal(formatCpuList([]), "");
  });

  it("refuses to write what is not a CPU number", () => {
    assert.throws(() => formatCpuList([-1]), CpuListError);
    assert.throws(() => formatCpuList([0.5]), CpuListError);
  });

  it("reads back what it writes", () => {
    holds(
      property(cpus, (set) => {
        const list = formatCpuList(set);
        assert.deepEqual(
          parseCpuList(list),
          [...new Set(set)].sort((a, b) => a - b),
        );
        assert.equal(formatCpuList(parseCpuList(list)), list);
      }),
    );
  });

  it("splits a set into what is in another one and what is not", () => {
    holds(
      property(cpus, cpus, (all, some) => {
        const [a, b] = [formatCpuList(all), formatCpuList(some)];
        const inside = intersectCpuLists(a, b);
        const outside = complementCpuList(a, b);
        assert.equal(unionCpuLists(inside, outside), a);
        assert.equal(intersectCpuLists(inside, outside), "");
        assert.equal(cpuListSize(inside) + cpuListSize(outside), cpuListSize(a));
      }),
    );
  });
});
