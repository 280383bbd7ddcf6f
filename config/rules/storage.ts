import type { Problem } from "../problems";
import { gibibytes, mebibytesPerSecond, type Throughput } from "../units";
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
  const problems = [
    ...throughputProblems("storage", storage),
    ...Object.entries(storage.volumeAttributes).flatMap(([name, performance]) =>
      throughputProblems(`storage.volumeAttributes.${name}`, performance),
    ),
  ];
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

/** EBS ties throughput to IOPS, for the class and for every named performance. */
function throughputProblems(
  section: string,
  { iops, throughput }: { readonly iops: number; readonly throughput: Throughput },
): Problem[] {
  const path = `${section}.throughput`;
  const rate = mebibytesPerSecond(throughput);
  const most = Math.min(GP3.maxThroughput, iops * GP3.throughputPerIops);
  if (rate < GP3.baselineThroughput)
    return [
      {
        path,
        problem: `is below gp3's baseline of ${GP3.baselineThroughput} MiB/s; use at least that`,
        got: throughput,
      },
    ];
  if (rate <= most) return [];
  return [
    {
      path,
      problem: `is more than ${iops} IOPS allow; use at most ${most} MiB/s (0.25 for each of the IOPS), or raise the IOPS`,
      got: throughput,
    },
  ];
}
