import assert from "node:assert/strict";
import {
  type PolicyResource,
  type PolicyResourceOptions,
  type ResourceValidationArgs,
  unknownCheckingProxy,
} from "@pulumi/policy";
import { Collection, collector } from "../../policy/lib/collection";
import { asPolicy } from "../../policy/lib/pack";
import { inputsOfExport } from "../../policy/lib/previous-state";
import type { Rule, Verdict } from "../../policy/lib/rule";
import { readValue } from "../../policy/lib/value";
import {
  type FixtureResource,
  type FixtureStack,
  type Json,
  NEVER,
  Output,
  UNKNOWN_TEXT,
} from "./fixture-stack";

export { type FixtureResource, FixtureStack, type Json, NEVER, Output } from "./fixture-stack";

/** How a rule meets a stack. */
export const WAYS = ["raw", "proxied", "engine"] as const;
export type Way = (typeof WAYS)[number];

/**
 * Runs a rule on a stack.
 *
 * - `raw`: an existing stack, every value known, plain objects.
 * - `proxied`: a new stack, outputs unknown, inputs behind the engine's throwing proxy.
 * - `engine`: as `proxied`, through the policy objects of the pack; Kubernetes resources have no outputs.
 */
export function run(rule: Rule, stack: FixtureStack, way: Way, config: object = {}): Verdict {
  const fresh = way !== "raw";
  const resources = policyResources(stack, fresh);
  const collection = new Collection();
  if (way === "engine") return runAsPolicy(rule, stack, resources, collection, config);
  for (const fixture of stack.resources) collection.record(urn(fixture), properties(fixture, fresh));
  return rule.evaluate(collection.view(resources), config);
}

/** Runs a rule on a change from one stack to another, as a preview of an existing stack does. */
export function runOnChange(rule: Rule, before: FixtureStack, after: FixtureStack): Verdict {
  const resources = before.resources.map((fixture) => ({
    urn: urn(fixture),
    inputs: { ...properties(fixture, false), __defaults: [] },
  }));
  const collection = new Collection(inputsOfExport(readValue({ deployment: { resources } })));
  for (const fixture of after.resources) collection.record(urn(fixture), properties(fixture, false));
  return rule.evaluate(collection.view(policyResources(after, false)));
}

/** Runs a rule where no inputs were collected: the collector is disabled, or `refresh` registers nothing. */
export function runOnOutputs(
  rule: Rule,
  stack: FixtureStack,
  age: "new" | "existing",
  config: object = {},
): Verdict {
  return rule.evaluate(new Collection().view(policyResources(stack, age === "new")), config);
}

function runAsPolicy(
  rule: Rule,
  stack: FixtureStack,
  resources: PolicyResource[],
  collection: Collection,
  config: object,
): Verdict {
  const collecting = collector(collection);
  assert.ok(typeof collecting.validateResource === "function");
  for (const fixture of stack.resources) void collecting.validateResource(resourceArgs(fixture), fail);
  const violations: { message: string; urn: string }[] = [];
  try {
    void asPolicy(rule, collection).validateStack(
      { resources, stackTags: new Map(), getConfig: <T extends object>() => loose<T>(config), notApplicable },
      (message, at = "") => violations.push({ message, urn: at }),
    );
  } catch (error) {
    if (error instanceof NotApplicable) return { kind: "not-applicable", reason: error.message };
    throw error;
  }
  const urns = resources.map((resource) => resource.urn);
  return violations.length > 0
    ? { kind: "violation", resources: urns, violations }
    : { kind: "pass", resources: urns };
}

/** Settings come untyped from a file, as in the engine. */
function loose<T extends object>(config: object): T {
  return JSON.parse(JSON.stringify(config));
}

class NotApplicable extends Error {}

function notApplicable(reason?: string): never {
  throw new NotApplicable(reason);
}

function fail(message: string): void {
  assert.fail(`the collector must not report: ${message}`);
}

export function urn({ type, name }: FixtureResource): string {
  return `urn:pulumi:dev::trading-stack::${type}::${name}`;
}

function properties(fixture: FixtureResource, fresh: boolean): Record<string, unknown> {
  const inputs = Object.fromEntries(
    Object.entries(fixture.inputs).map(([key, value]) => [key, resolve(value, fresh)]),
  );
  return fresh ? proxied(inputs) : inputs;
}

function proxied(inputs: Record<string, unknown>): Record<string, unknown> {
  const checked: Record<string, unknown> = unknownCheckingProxy(inputs);
  return checked;
}

function resolve(value: Json, fresh: boolean): unknown {
  if (value instanceof Output) {
    if (value === NEVER && !fresh) return undefined;
    return fresh ? UNKNOWN_TEXT : resolve(value.value, fresh);
  }
  if (Array.isArray(value)) return value.map((element) => resolve(element, fresh));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, resolve(element, fresh)]));
}

const OPTIONS: PolicyResourceOptions = {
  protect: false,
  ignoreChanges: [],
  aliases: [],
  customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
  additionalSecretOutputs: [],
};

function policyResources(stack: FixtureStack, fresh: boolean): PolicyResource[] {
  const made = new Map<string, PolicyResource>();
  for (const fixture of stack.resources) {
    const empty = fresh && fixture.type.startsWith("kubernetes:");
    made.set(fixture.name, {
      ...common(fixture, fresh),
      opts: { ...OPTIONS, protect: fixture.protect ?? false },
      props: empty ? {} : properties(fixture, fresh),
      dependencies: [],
      propertyDependencies: {},
      isType: () => false,
      asType: () => undefined,
    });
  }
  for (const fixture of stack.resources) link(fixture, made);
  return [...made.values()];
}

/** As the engine does: a source that is not in the stack is dropped. */
function link(fixture: FixtureResource, made: ReadonlyMap<string, PolicyResource>): void {
  const resource = made.get(fixture.name);
  const parent = made.get(fixture.parent ?? "");
  if (resource === undefined) return;
  if (parent !== undefined) resource.parent = parent;
  for (const [property, names] of Object.entries(fixture.sources ?? {})) {
    const sources = names.flatMap((name) => made.get(name) ?? []);
    resource.propertyDependencies[property] = sources;
    resource.dependencies.push(...sources);
  }
}

function common(fixture: FixtureResource, fresh: boolean) {
  const { type, name, provider } = fixture;
  return {
    type,
    name,
    urn: urn(fixture),
    ...(provider === undefined
      ? {}
      : {
          provider: {
            type: provider.type,
            name: provider.name,
            urn: `urn:pulumi:dev::trading-stack::${provider.type}::${provider.name}`,
            props: properties({ type, name, inputs: { ...provider.inputs } }, fresh),
          },
        }),
  };
}

function resourceArgs(fixture: FixtureResource): ResourceValidationArgs {
  return {
    ...common(fixture, true),
    props: properties(fixture, true),
    opts: OPTIONS,
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: <T extends object>() => loose<T>({}),
    notApplicable,
  };
}

/** The rule passes on the stack, in each way. */
export function passes(rule: Rule, stack: FixtureStack, config: object = {}): void {
  for (const way of WAYS) {
    const verdict = run(rule, stack, way, config);
    assert.equal(verdict.kind, "pass", `${rule.name}, ${way}: ${explain(verdict)}`);
  }
}

/** The rule refuses the stack with a message like this, in each way. */
export function refuses(
  rule: Rule,
  stack: FixtureStack,
  message: RegExp,
  config: object = {},
  ways: readonly Way[] = WAYS,
): void {
  for (const way of ways) {
    const verdict = run(rule, stack, way, config);
    assert.equal(verdict.kind, "violation", `${rule.name}, ${way}: ${explain(verdict)}`);
    assert.match(explain(verdict), message, way);
    assert.match(explain(verdict), /Remedy: /, way);
  }
}

/** The rule needs this value: in the preview of a new stack it says so. */
export function mustBeKnown(rule: Rule, stack: FixtureStack, place: RegExp, config: object = {}): void {
  refuses(rule, stack, place, config, ["proxied", "engine"]);
  refuses(rule, stack, /must be known in preview/, config, ["proxied", "engine"]);
}

export function isNotApplicable(rule: Rule, stack: FixtureStack, reason: RegExp): void {
  for (const way of WAYS) {
    const verdict = run(rule, stack, way);
    assert.equal(verdict.kind, "not-applicable", `${rule.name}, ${way}: ${explain(verdict)}`);
    assert.match(explain(verdict), reason);
  }
}

export function explain(verdict: Verdict): string {
  if (verdict.kind === "not-applicable") return verdict.reason;
  return verdict.kind === "pass" ? "pass" : verdict.violations.map(({ message }) => message).join("\n");
}
