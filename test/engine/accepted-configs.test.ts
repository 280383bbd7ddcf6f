import assert from "node:assert/strict";
import { join } from "node:path";
import type { PolicyResource } from "@pulumi/policy";
import * as pulumi from "@pulumi/pulumi";
import { asyncProperty, assert as holds } from "fast-check";
import { Collection } from "../../policy/lib/collection";
import { rules } from "../../policy/rules";
import { arbitraryRawConfig } from "../support/arbitrary-config";
import { type Registered, record } from "../support/mocks";

const PROGRAM = join(__dirname, "..", "..", "index.ts");
const CASES = 200;

/**
 * The parser and the policy pack were written apart. Whatever the one lets through, the other must agree with: a stack
 * file that is accepted and then refused in the preview would be the worst of both. The program runs under mocks, since
 * two hundred previews would take a quarter of an hour; the pack's rules are the real ones.
 */
describe("every config that the parser accepts", () => {
  it(`gives a stack that passes every policy, in ${CASES} random cases`, async function () {
    this.timeout(300_000);
    await holds(
      asyncProperty(arbitraryRawConfig(), async (raw) => {
        assert.deepEqual(await violationsOf(raw), []);
      }),
      { numRuns: CASES, endOnFailure: true },
    );
  });
});

/** Runs the program as the language host does, every value of the config as text, and judges what it registered. */
async function violationsOf(raw: Readonly<Record<string, unknown>>): Promise<string[]> {
  const config = Object.fromEntries(
    Object.entries(raw)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [`trading:${key}`, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  pulumi.runtime.setAllConfig(config);
  process.env["PULUMI_CONFIG"] = JSON.stringify(config);
  delete require.cache[PROGRAM];
  try {
    return violations(await record(() => require(PROGRAM), { stack: String(raw["environment"]) }));
  } finally {
    delete process.env["PULUMI_CONFIG"];
  }
}

function violations(registered: Registered): string[] {
  const collection = new Collection();
  for (const { urn, inputs } of registered) collection.record(urn, inputs);
  const view = collection.view(policyResources(registered));
  return rules.flatMap((rule) => {
    const verdict = rule.evaluate(view, {});
    if (verdict.kind === "violation")
      return verdict.violations.map(({ message }) => `${rule.name}: ${message}`);
    return verdict.kind === "not-applicable" ? [`${rule.name} has nothing to say: ${verdict.reason}`] : [];
  });
}

/** The stack as the engine shows it to a policy, with its graph. */
function policyResources(registered: Registered): PolicyResource[] {
  const made = new Map<string, PolicyResource>(
    registered.map(({ urn, type, name, inputs, protect }) => [
      urn,
      policyResource(urn, type, name, inputs, protect),
    ]),
  );
  for (const { urn, parent, provider, sources } of registered) {
    const resource = made.get(urn);
    if (resource === undefined) continue;
    const owner = made.get(parent);
    if (owner !== undefined) resource.parent = owner;
    const maker = made.get(provider.replace(/::[^:]*$/, ""));
    if (maker !== undefined) resource.provider = maker;
    for (const [property, urns] of Object.entries(sources))
      resource.propertyDependencies[property] = urns.flatMap((source) => made.get(source) ?? []);
  }
  return [...made.values()];
}

function policyResource(
  urn: string,
  type: string,
  name: string,
  inputs: object,
  protect: boolean,
): PolicyResource {
  return {
    type,
    name,
    urn,
    props: { ...inputs },
    opts: {
      protect,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
    },
    dependencies: [],
    propertyDependencies: {},
    isType: () => false,
    asType: () => undefined,
  };
}
