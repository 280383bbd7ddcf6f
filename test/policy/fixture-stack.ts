import assert from "node:assert/strict";

/** What the engine sends for a text that it does not know yet (`@pulumi/policy/proxy`, marked internal there). */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** An output of a resource: known on an existing stack, unknown in the preview of a new one. */
export class Output {
  readonly value: Json;
  constructor(value: Json) {
    this.value = value;
  }
}

/** Unknown on every stack. */
export const NEVER = new Output(UNKNOWN_TEXT);

export type Json = null | boolean | number | string | Output | Json[] | { [key: string]: Json };

export interface FixtureResource {
  readonly type: string;
  readonly name: string;
  inputs: { [key: string]: Json };
  /** Name of the parent. */
  readonly parent?: string;
  /** Names of the resources that an input was computed from. */
  readonly sources?: { readonly [property: string]: readonly string[] };
  readonly protect?: boolean;
  readonly provider?: {
    readonly type: string;
    readonly name: string;
    readonly inputs: { readonly [key: string]: Json };
  };
}

/** A stack to run rules on. Every edit works on a copy made by its builder, so fixtures never leak into each other. */
export class FixtureStack {
  readonly resources: FixtureResource[];

  constructor(resources: readonly FixtureResource[]) {
    this.resources = [...resources];
  }

  get(name: string): FixtureResource {
    const found = this.resources.find((resource) => resource.name === name);
    assert.ok(found, `no resource "${name}" in the fixture`);
    return found;
  }

  add(...resources: readonly FixtureResource[]): this {
    this.resources.push(...resources);
    return this;
  }

  /** Makes a resource again with other settings than its inputs: type, parent, sources. */
  change(name: string, settings: Partial<FixtureResource>): this {
    const index = this.resources.indexOf(this.get(name));
    this.resources[index] = { ...this.get(name), ...settings };
    return this;
  }

  without(...names: readonly string[]): this {
    const kept = this.resources.filter(({ name }) => !names.includes(name));
    assert.equal(
      kept.length,
      this.resources.length - names.length,
      `not all of ${names.join(", ")} are in the fixture`,
    );
    this.resources.splice(0, this.resources.length, ...kept);
    return this;
  }

  /** Sets an input; `undefined` removes it. Path with dots, or as a list where keys hold dots. */
  set(name: string, path: string | readonly string[], value: Json | undefined): this {
    const keys = typeof path === "string" ? path.split(".") : [...path];
    const last = keys.pop() ?? "";
    let target: Json = this.get(name).inputs;
    for (const key of keys) {
      const next: Json | undefined = member(target, key);
      assert.ok(next !== undefined, `no ${key} on the way to ${String(path)} in "${name}"`);
      target = next;
    }
    assert.ok(
      typeof target === "object" && target !== null && !(target instanceof Output),
      `${String(path)} leads nowhere`,
    );
    if (Array.isArray(target)) {
      if (value === undefined) target.splice(Number(last), 1);
      else target[Number(last)] = value;
    } else if (value === undefined) delete target[last];
    else target[last] = value;
    return this;
  }
}

function member(target: Json, key: string): Json | undefined {
  if (Array.isArray(target)) return target[Number(key)];
  if (typeof target !== "object" || target === null || target instanceof Output) return undefined;
  return target[key];
}
