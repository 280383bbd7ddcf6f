import { runEngine } from "../../../examples/engine/shell/engine";
import { type Parts, referenceParts } from "../../../examples/engine/shell/parts";

/** The reference engine with some of its parts broken. */
export function runBroken(broken: Partial<Parts>): void {
  void runEngine(process.env, { ...referenceParts, ...broken }).then((code) => process.exit(code));
}
