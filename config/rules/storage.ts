import type { Problem } from "../problems";
import { gibibytes, mebibytesPerSecond } from "../units";
import type { Rule } from "./sections";

/**
 * Limits of gp3 volumes.
 * https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
 */
const GP3 = {
  baselineIops: 3000,
  iopsPerGibibyte: 500,
  throughputPerIops: 0.25,
  baselineThroughput: 125,
  maxThroughput: 2000,
  maxGibibytes: 65_536,
} as const;

/** A volume that EBS refuses leaves the engine Pending, long after the preview was green. */
export const volumesWithinGp3: Rule = ({ storage, engines = {} }) => {
  if (storage?.kind !== "ebs") return [];
  const problems: Problem[] = [];
  const throughput = mebibytesPerSecond(storage.throughput);
  const most = Math.min(GP3.maxThroughput, storage.iops * GP3.throughputPerIops);
  if (throughput < GP3.baselineThroughput)
    problems.push({
      path: "storage.throughput",
      problem: `is below gp3's baseline of ${GP3.baselineThroughput} MiB/s; use at least that`,
      got: storage.throughput,
    });
  if (throughput > most)
    problems.push({
      path: "storage.throughput",
      problem: `is more than ${storage.iops} IOPS allow; gp3 gives at most ${most} MiB/s (0.25 for each of storage.iops)`,
      got: storage.throughput,
    });
  for (const [name, engine] of Object.entries(engines)) {
    const size = gibibytes(engine.volume);
    const path = `engines.${name}.volume`;
    if (size > GP3.maxGibibytes)
      problems.push({
        path,
        problem: "is larger than a gp3 volume may be; use at most 64 TiB",
        got: engine.volume,
      });
    if (storage.iops > GP3.baselineIops && storage.iops > size * GP3.iopsPerGibibyte)
      problems.push({
        path,
        problem: `is too small for storage.iops ${storage.iops}; gp3 gives ${GP3.iopsPerGibibyte} IOPS a GiB, so use at least ${Math.ceil(storage.iops / GP3.iopsPerGibibyte)} GiB`,
        got: engine.volume,
      });
  }
  return problems;
};
