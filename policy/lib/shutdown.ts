import { ANNOTATIONS, type ShutdownBudget } from "../../components/contract";
import type { Field } from "./field";
import { containers } from "./pods";
import type { Resource } from "./stack";

const PHASES: readonly (keyof ShutdownBudget)[] = [
  "preStop",
  "cancelOrders",
  "confirmations",
  "flush",
  "slack",
];

/** The annotation with the declared phases, as text. */
export function budgetAnnotation(engine: Resource): Field {
  return engine.inputs.at("metadata", "annotations", ANNOTATIONS.shutdownBudget);
}

/** The declared phases, or the first field that is not a number of seconds. */
export function readBudget(
  annotation: Field,
): { readonly budget: ShutdownBudget } | { readonly wrong: Field } {
  const document = annotation.json();
  const seconds: Partial<Record<keyof ShutdownBudget, number>> = {};
  for (const phase of PHASES) {
    const value = document.at(phase).number();
    if (value === undefined || value < 0) return { wrong: document.at(phase) };
    seconds[phase] = value;
  }
  const { preStop = 0, cancelOrders = 0, confirmations = 0, flush = 0, slack = 0 } = seconds;
  return { budget: { preStop, cancelOrders, confirmations, flush, slack } };
}

/** A hook's upper bound in seconds; `undefined` when nothing bounds it. */
export interface Hook {
  readonly field: Field;
  readonly seconds: number | undefined;
}

/**
 * The preStop hooks of a pod. An HTTP call starts the drain and is bounded by the declared `preStop`; a command is
 * bounded only if it is nothing but a sleep.
 */
export function preStopHooks(pod: Field): Hook[] {
  return containers(pod).flatMap((container) => {
    const hook = container.at("lifecycle", "preStop");
    if (!hook.present) return [];
    if (hook.at("sleep").present)
      return [{ field: hook.at("sleep", "seconds"), seconds: hook.at("sleep", "seconds").number() }];
    if (hook.at("exec").present) return [commandHook(hook.at("exec", "command"))];
    return [{ field: hook, seconds: 0 }];
  });
}

function commandHook(field: Field): Hook {
  const words = field.list().map((word) => word.text() ?? "");
  const shell = /^(?:\/bin\/|\/usr\/bin\/)?(?:ba|da|a)?sh$/.test(words[0] ?? "") && words[1] === "-c";
  const command = (shell ? words.slice(2) : words).join(" ").trim();
  const sleep = /^(?:\/bin\/|\/usr\/bin\/)?sleep (\d+(?:\.\d+)?)(s|m)?$/.exec(command);
  return { field, seconds: sleep === null ? undefined : Number(sleep[1]) * (sleep[2] === "m" ? 60 : 1) };
}
