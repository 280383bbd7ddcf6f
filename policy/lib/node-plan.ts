import { TYPES } from "../../components/contract";
import { readUserData, type UserDataContent } from "../../tuning/user-data";
import { Field, Malformed } from "./field";
import { LAUNCH_TEMPLATE, launchTemplatesOf, tradingGroups } from "./node-groups";
import { durationSeconds } from "./quantity";
import { perStack, type Resource, type Stack } from "./stack";
import { isMap, readValue } from "./value";

/** The components that plan nodes. */
export const plannedNodes: (stack: Stack) => readonly Resource[] = perStack((stack) =>
  stack.ofType(TYPES.nodes),
);

/** The plan of a component, which is plain in every preview. */
export function planOf(nodes: Resource): Field {
  return nodes.inputs.at("plan");
}

/** User data of a launch template, read back; `undefined` when there is none. */
export function userDataOf(template: Resource): UserDataContent | undefined {
  const text = template.inputs.at("userData").text();
  return text === undefined ? undefined : readUserData(text);
}

/** Launch templates of the engines' node groups. */
export const tradingTemplates: (stack: Stack) => readonly Resource[] = perStack((stack) => {
  const templates = new Map<string, Resource>();
  for (const group of tradingGroups(stack))
    for (const template of launchTemplatesOf(group)) templates.set(template.urn, template);
  for (const template of stack.ofType(LAUNCH_TEMPLATE)) {
    if (template.within(TYPES.nodes) !== undefined) templates.set(template.urn, template);
  }
  return [...templates.values()];
});

/** The kubelet configuration that a node ends up with: what later documents say wins, the drop-in last. */
export function kubeletSetting(template: Resource, content: UserDataContent, key: string): Field {
  const documents = [...content.nodeConfigs, ...(content.dropIn === null ? [] : [content.dropIn])];
  const path = `userData kubelet ${key}`;
  for (const document of documents.toReversed()) {
    const field = new Field(template, "userData", readValue(document)).at("spec", "kubelet", "config", key);
    if (field.present) return new Field(template, path, field.value);
  }
  return new Field(template, path, undefined);
}

/** The kubelet's flags of all documents. */
export function kubeletFlags(template: Resource, content: UserDataContent): string[] {
  return content.nodeConfigs.flatMap((document) =>
    new Field(template, "userData", readValue(document))
      .at("spec", "kubelet", "flags")
      .list()
      .flatMap((flag) => flag.text() ?? []),
  );
}

/** How long the kubelet of some nodes waits for pods that are not critical. */
export interface KubeletWindow {
  readonly of: string;
  readonly seconds: number;
}

/** The windows that the plans promise and those that known user data brings about. */
export function kubeletWindows(stack: Stack): KubeletWindow[] {
  const planned = plannedNodes(stack).map((nodes) => ({
    of: nodes.label,
    seconds: planOf(nodes).at("engineShutdownWindow").requiredNumber(),
  }));
  const written = tradingTemplates(stack).flatMap((template) => writtenWindow(template));
  return [...planned, ...written];
}

function writtenWindow(template: Resource): KubeletWindow[] {
  if (template.inputs.at("userData").unknown) return [];
  const content = userDataOf(template);
  if (content === undefined) return [];
  const total = kubeletSetting(template, content, "shutdownGracePeriod");
  const critical = kubeletSetting(template, content, "shutdownGracePeriodCriticalPods");
  if (!total.present) return [];
  return [{ of: template.label, seconds: seconds(total) - (critical.present ? seconds(critical) : 0) }];
}

function seconds(field: Field): number {
  const value = durationSeconds(field.text() ?? "");
  if (value === undefined) throw new Malformed(field, 'a duration such as "150s"');
  return value;
}

/** A kubelet option of the plan, for example `cpuManagerPolicyOptions["full-pcpus-only"]`. */
export function planOption(plan: Field, ...keys: readonly string[]): string | undefined {
  const options = plan.at("kubeletConfig");
  return isMap(options.value) ? options.at(...keys).scalar() : undefined;
}
