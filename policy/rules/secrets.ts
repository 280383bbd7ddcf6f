import { engines, podOf } from "../lib/engines";
import type { Field } from "../lib/field";
import { CONFIG_MAP } from "../lib/market-map";
import { containers } from "../lib/pods";
import { type Context, defineRule } from "../lib/rule";
import { isReference, isSecretName, secretIn } from "../lib/secrets";
import type { Resource } from "../lib/stack";

interface Settings {
  readonly allowedNames: readonly string[];
}

/** Types whose outputs are secrets, so that an unknown value that comes from one is a secret too. */
const SECRET_SOURCES = [
  "random:index/randomPassword:RandomPassword",
  "tls:index/privateKey:PrivateKey",
  "aws:iam/accessKey:AccessKey",
  "aws:secretsmanager/secretVersion:SecretVersion",
  "aws:ssm/parameter:Parameter",
];

/**
 * Whoever may read a pod or a ConfigMap reads its text, and so does every log of a deployment. An engine fetches the
 * exchange's credentials itself, through Pod Identity.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
 */
export const secretsNotInPlainSight = defineRule<Settings>({
  name: "secrets-not-in-plain-sight",
  description: "No secret stands in an engine's environment, command line or in a ConfigMap.",
  settings: {
    allowedNames: {
      type: "array",
      items: { type: "string" },
      description: "Variables and keys that are named like a secret and hold none.",
    },
  },
  defaults: { allowedNames: [] },
  subjects: (stack) => [...engines(stack), ...stack.ofType(CONFIG_MAP, `${CONFIG_MAP}Patch`)],
  absent: "the stack has no engine and no ConfigMap",
  inspect: (subject, context) => {
    if (subject.type.startsWith(CONFIG_MAP)) inspectConfigMap(subject, context);
    else for (const container of containers(podOf(subject))) inspectContainer(subject, container, context);
  },
});

function inspectContainer(engine: Resource, container: Field, context: Context<Settings>): void {
  for (const variable of container.at("env").list()) {
    context.attempt(() => {
      const name = variable.at("name").text() ?? "";
      const source = variable.at("valueFrom", "configMapKeyRef");
      if (source.present && isSecretName(name) && !context.config.allowedNames.includes(name))
        refuse(source, `${name} comes from a ConfigMap`, context);
      inspectValue(engine, "spec", name, variable.at("value"), context);
    });
  }
  for (const word of [...container.at("command").list(), ...container.at("args").list()]) {
    context.attempt(() => inspectText(word, context));
  }
}

function inspectConfigMap(configMap: Resource, context: Context<Settings>): void {
  for (const section of ["data", "binaryData"]) {
    for (const [key, field] of configMap.inputs.at(section).entries()) {
      context.attempt(() => inspectValue(configMap, section, key, field, context));
    }
  }
}

function inspectValue(
  resource: Resource,
  property: string,
  name: string,
  field: Field,
  context: Context<Settings>,
): void {
  if (!field.present) return;
  const suspicious = isSecretName(name) && !context.config.allowedNames.includes(name);
  if (field.unknown) inspectUnknown(resource, property, name, field, suspicious, context);
  else if (suspicious && !isReference(field.scalar() ?? ""))
    refuse(field, `${name} is named like a secret and holds a literal value`, context);
  else inspectText(field, context);
}

/** An unknown value is judged by where it comes from. */
function inspectUnknown(
  resource: Resource,
  property: string,
  name: string,
  field: Field,
  suspicious: boolean,
  context: Context<Settings>,
): void {
  const [secret] = resource.trace(property, ...SECRET_SOURCES);
  if (suspicious || secret !== undefined) {
    refuse(
      field,
      suspicious ? `${name} is named like a secret` : `${name} may come from ${secret?.label ?? "a secret"}`,
      context,
    );
  } else if (resource.sources(property).length === 0) {
    // Throws: nothing tells what the value will be.
    field.text();
  }
}

function inspectText(field: Field, context: Context<Settings>): void {
  const found = secretIn(field.scalar() ?? "");
  if (found !== undefined) refuse(field, `holds what looks like ${found}`, context);
}

function refuse(field: Field, problem: string, { report }: Context<Settings>): void {
  report(field, {
    problem,
    because: "everybody who may read pods, ConfigMaps or a deployment's log can trade on the desk's account",
    remedy:
      "keep it in Secrets Manager, give the engine its ARN, and let it fetch the secret through Pod Identity",
    secret: true,
  });
}
