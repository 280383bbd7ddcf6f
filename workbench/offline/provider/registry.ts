import { readFileSync } from "node:fs";
import { isProperties, type Properties, type Value } from "./values";

/** One simulated object that exists. */
export interface LiveObject {
  readonly urn: string;
  readonly id: string;
  readonly type: string;
  readonly outputs: Properties;
}

/**
 * What exists in the simulated account, so that a second object with the same identity is refused as AWS and the API
 * server refuse it. It is filled from the stack's own state before a run: the state is the only memory, so nothing can
 * disagree with it.
 */
export class Registry {
  readonly #objects = new Map<string, LiveObject>();

  /** Forgets everything and reads a stack's exported state or checkpoint; a missing file means an empty account. */
  seed(stateFile: string): void {
    this.#objects.clear();
    for (const object of readState(stateFile)) {
      this.add(object);
    }
  }

  add(object: LiveObject): void {
    this.#objects.set(key(object.type, object.id), object);
  }

  remove(type: string, id: string): void {
    this.#objects.delete(key(type, id));
  }

  get(type: string, id: string): LiveObject | undefined {
    return this.#objects.get(key(type, id));
  }

  all(): readonly LiveObject[] {
    return [...this.#objects.values()];
  }

  /** How many objects of this URN exist: more than none only while a replacement is under way. */
  generation(urn: string): number {
    return this.all().filter((object) => object.urn === urn).length;
  }
}

function key(type: string, id: string): string {
  return `${type}\n${id}`;
}

function readState(file: string): readonly LiveObject[] {
  let content: Value;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return [];
  }
  const checkpoint =
    isProperties(content) && isProperties(content.checkpoint) ? content.checkpoint.latest : undefined;
  const deployment =
    isProperties(content) && isProperties(content.deployment) ? content.deployment : checkpoint;
  const resources =
    isProperties(deployment) && Array.isArray(deployment.resources) ? deployment.resources : [];
  return resources.flatMap((resource) => {
    if (!isProperties(resource) || resource.custom !== true) {
      return [];
    }
    const { urn, id, type, outputs } = resource;
    return typeof urn === "string" && typeof id === "string" && typeof type === "string"
      ? [{ urn, id, type, outputs: isProperties(outputs) ? outputs : {} }]
      : [];
  });
}
