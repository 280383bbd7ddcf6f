/** What is wrong with a node profile, in words that a config parser can print as one line. */
export interface NodeProblem {
  /** Field of the profile, for example `instanceType`. */
  readonly field: string;
  /** What is wrong, with the number or text that was given. */
  readonly problem: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** A profile from which no node can be planned. Carries every problem found, not only the first. */
export class NodePlanError extends Error {
  override readonly name = "NodePlanError";
  readonly problems: readonly NodeProblem[];

  constructor(problems: readonly NodeProblem[]) {
    super(problems.map(({ field, problem, remedy }) => `${field}: ${problem}. ${remedy}`).join("\n"));
    this.problems = problems;
  }
}
