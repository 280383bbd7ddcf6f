import { check, defaultReportMessage, type IProperty, type Parameters } from "fast-check";

/** Fails with the smallest counterexample and its seed when a synchronous property does not hold. */
export function holds<Ts>(property: IProperty<Ts>, parameters: Parameters<Ts> = {}): void {
  const run = check(property, parameters);
  if (run.failed) throw new Error(defaultReportMessage(run));
}
