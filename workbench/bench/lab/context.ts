import type { LabFolder } from "../../lab/paths";

/** What every part of the benchmark is given. */
export interface BenchContext {
  /** A lab of this part alone: it is taken down when the part ends. */
  readonly lab: LabFolder;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}
