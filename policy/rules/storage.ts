import { TYPES } from "../../components/contract";
import { engines } from "../lib/engines";
import type { Field } from "../lib/field";
import { KMS_KEY } from "../lib/key-policy";
import { tradingGroups, zonesOf } from "../lib/node-groups";
import { type Context, defineRule } from "../lib/rule";
import type { Resource, Stack } from "../lib/stack";

const STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass";
const PROVISIONER = "ebs.csi.aws.com";

interface ClassSettings {
  readonly externalClasses: readonly string[];
}

/**
 * The class of an engine's log: encrypted with our key, made in the engine's zone, kept when its claim goes, and able
 * to grow.
 *
 * @see https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md
 */
export const storageClassTrading = defineRule<ClassSettings>({
  name: "storageclass-trading",
  description:
    "Engines' volumes come from an encrypted gp3 class that waits for the pod's zone, is retained and can grow.",
  settings: {
    externalClasses: {
      type: "array",
      items: { type: "string" },
      description: "Classes outside the stack that were checked by hand.",
    },
  },
  defaults: { externalClasses: [] },
  subjects: (stack) => [
    ...engines(stack),
    ...stack
      .ofType(STORAGE_CLASS)
      .filter((candidate) => candidate.within(TYPES.storage) !== undefined || isUsed(candidate, stack)),
  ],
  absent: "the stack has no engine and no StorageClass of EncryptedStorage",
  inspect: (subject, context) =>
    subject.type === STORAGE_CLASS ? inspectClass(subject, context) : inspectClaims(subject, context),
});

function isUsed(candidate: Resource, stack: Stack): boolean {
  const name = candidate.inputs.at("metadata", "name").text();
  return engines(stack).some((engine) =>
    classFields(engine).some((field) => !field.unknown && field.value === name),
  );
}

function classFields(engine: Resource): Field[] {
  const templates = engine.inputs.at("spec", "volumeClaimTemplates");
  return templates.unknown
    ? [templates]
    : templates.list().map((template) => template.at("spec", "storageClassName"));
}

function inspectClaims(engine: Resource, { stack, config, report, attempt }: Context<ClassSettings>): void {
  for (const field of classFields(engine)) {
    attempt(() => {
      const name = field.text() ?? "";
      if (name === "") {
        report(field, {
          problem: "must name a class",
          because:
            "the cluster's default class decides otherwise, and it may be unencrypted and delete volumes",
          remedy: "set storageClassName to the stack's encrypted class",
        });
        return;
      }
      const inStack = stack
        .ofType(STORAGE_CLASS)
        .some((candidate) => candidate.inputs.at("metadata", "name").text() === name);
      // On somebody else's cluster the classes are theirs too.
      if (inStack || config.externalClasses.includes(name) || !stack.ownsCluster) return;
      report(field, {
        problem: "is not a StorageClass of this stack",
        because: "nobody checks that its volumes are encrypted and outlive their claims",
        remedy:
          "use the class of EncryptedStorage, or list the name in externalClasses of this rule's configuration",
      });
    });
  }
}

function inspectClass(subject: Resource, context: Context<ClassSettings>): void {
  const { inputs } = subject;
  const expect = (field: Field, wanted: string, because: string): void =>
    context.attempt(() => {
      if (field.scalar() === wanted) return;
      context.report(field, { problem: `must be ${wanted}`, because, remedy: `set it to ${wanted}` });
    });
  expect(
    inputs.at("provisioner"),
    PROVISIONER,
    "only the EBS CSI driver makes encrypted gp3 volumes that follow a pod",
  );
  expect(
    inputs.at("reclaimPolicy"),
    "Retain",
    "deleting a claim otherwise deletes the volume with the engine's log",
  );
  expect(
    inputs.at("volumeBindingMode"),
    "WaitForFirstConsumer",
    "a volume made before its pod may lie in a zone where the pod cannot run",
  );
  expect(
    inputs.at("allowVolumeExpansion"),
    "true",
    "a full log stops the engine, and the volume could not grow",
  );
  context.attempt(() => inspectParameters(subject, context, expect));
  context.attempt(() => inspectTopologies(subject, context));
}

type Expect = (field: Field, wanted: string, because: string) => void;

/** The driver takes parameter names in any case, but compares `encrypted` with this very text. */
function inspectParameters(
  subject: Resource,
  { report, attempt }: Context<ClassSettings>,
  expect: Expect,
): void {
  const parameters = subject.inputs.at("parameters");
  const named = new Map(parameters.entries().map(([key, field]) => [key.toLowerCase(), field]));
  const parameter = (key: string): Field => named.get(key.toLowerCase()) ?? parameters.at(key);
  expect(parameter("type"), "gp3", "other types have less or uncertain throughput, or cost more");
  attempt(() => {
    const encrypted = parameter("encrypted");
    if (encrypted.scalar() === "true") return;
    report(encrypted, {
      problem: 'must be the text "true"',
      because: "with any other spelling the driver makes an unencrypted volume",
      remedy: 'write encrypted: "true", in lower case and with its quotes',
    });
  });
  const key = parameter("kmsKeyId");
  if (!key.present || (key.unknown && subject.trace("parameters", KMS_KEY).length === 0)) {
    report(key, {
      problem: key.present ? "is unknown in preview and comes from no key of this stack" : "no key is named",
      because: "AWS's own key cannot be revoked, audited or shared with a recovery account",
      remedy: "set kmsKeyId to the ARN of a key that this stack makes, or to a plain ARN",
    });
  }
  const iops = parameter("iops");
  if (iops.present && parameter("iopsPerGB").present) {
    report(parameter("iopsPerGB"), {
      problem: "must not be set beside iops",
      because: "the driver refuses a class with both, and no volume is made",
      remedy: "keep iops",
    });
  }
  attempt(() =>
    within(iops, 3000, 80_000, "gp3's limits; the volume is not made, and the engine stays Pending", report),
  );
  attempt(() =>
    within(
      parameter("throughput"),
      125,
      2000,
      "gp3's limits; the volume is not made, and the engine stays Pending",
      report,
    ),
  );
}

function within(
  field: Field,
  least: number,
  most: number,
  because: string,
  report: Context<object>["report"],
): void {
  const text = field.scalar();
  if (text === undefined || (Number(text) >= least && Number(text) <= most)) return;
  report(field, {
    problem: `must be between ${least} and ${most}`,
    because: `these are ${because}`,
    remedy: `choose a value from ${least} to ${most}`,
  });
}

function inspectTopologies({ inputs }: Resource, { stack, report }: Context<ClassSettings>): void {
  const topologies = inputs.at("allowedTopologies");
  if (topologies.list().length === 0) return;
  const allowed = topologies
    .list()
    .flatMap((topology) => topology.at("matchLabelExpressions").list())
    .filter((expression) => /zone$/.test(expression.at("key").text() ?? ""))
    .flatMap((expression) =>
      expression
        .at("values")
        .list()
        .map((value) => value.text()),
    );
  const missing = tradingGroups(stack)
    .flatMap((group) => zonesOf(group).zones)
    .filter((zone) => allowed.length > 0 && !allowed.includes(zone));
  if (missing.length === 0) return;
  report(topologies, {
    problem: `leaves out ${[...new Set(missing)].join(", ")}, where engines have nodes`,
    because: "an engine that is scheduled there waits for a volume for ever",
    remedy: "remove allowedTopologies: WaitForFirstConsumer follows the pod",
  });
}
