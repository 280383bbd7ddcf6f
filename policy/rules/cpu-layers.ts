import { isDeepStrictEqual } from "node:util";
import { intersectCpuLists } from "../../tuning/cpu-set";
import type { UserDataContent } from "../../tuning/user-data";
import { type Field, Malformed, MustBeKnown } from "../lib/field";
import { LAUNCH_TEMPLATE, NODE_GROUP } from "../lib/node-groups";
import { kubeletSetting, planOf, userDataOf } from "../lib/node-plan";
import type { Context } from "../lib/rule";
import type { Resource } from "../lib/stack";

/** The part of `cpu-exclusive` below the pod: plan, kubelet and kernel. */

/** CPUs that the kernel keeps and those that engines get must not overlap, in the plan and in what it configures. */
export function inspectPlan(plan: Field, { report, attempt }: Context<object>): void {
  const isolated = plan.at("cpus", "isolated");
  const housekeeping = plan.at("cpus", "housekeeping");
  const reserve = plan.at("kubeletConfig", "reservedSystemCPUs");
  attempt(() => {
    // An untuned node reserves amounts of CPU, not particular ones.
    if (plan.at("mode").requiredText() === "off" || reserve.text() === housekeeping.text()) return;
    report(reserve, {
      problem: `must be the housekeeping set ${housekeeping.text()}`,
      because: "the kubelet would hand out CPUs on which interrupts and system daemons run",
      remedy: "set reservedSystemCPUs to the housekeeping set",
    });
  });
  for (const reserved of [housekeeping, ...(reserve.present ? [reserve] : [])]) {
    attempt(() => {
      const both = overlap(isolated, reserved);
      if (both === "") return;
      report(reserved, {
        problem: `shares CPU ${both} with the isolated set ${isolated.text()}`,
        because: "interrupts and system daemons would run on an engine's CPU",
        remedy: "keep the two sets apart",
      });
    });
  }
  attempt(() => {
    const policy = plan.at("kubeletConfig", "cpuManagerPolicy");
    if (policy.text() === "static") return;
    report(policy, {
      problem: "must be static",
      because: "the kubelet gives no container CPUs of its own otherwise",
      remedy: "set cpuManagerPolicy: static in the plan",
    });
  });
}

function overlap(left: Field, right: Field): string {
  try {
    return intersectCpuLists(left.requiredText(), right.requiredText());
  } catch (error) {
    if (error instanceof Malformed || error instanceof MustBeKnown) throw error;
    throw new Malformed(right, 'a list of CPUs such as "0,4"');
  }
}

/** What the launch templates and node groups of a component do, against its plan. */
export function inspectTemplates(nodes: Resource, context: Context<object>): void {
  const plan = planOf(nodes);
  for (const template of context.stack.ofType(LAUNCH_TEMPLATE)) {
    if (template.within(nodes.type) !== nodes) continue;
    context.attempt(() => inspectUserData(template, plan, context));
    context.attempt(() => sameThreads(template, plan, context));
  }
  for (const group of context.stack.ofType(NODE_GROUP)) {
    if (group.within(nodes.type) === nodes) context.attempt(() => sameType(group, plan, context));
  }
}

function inspectUserData(template: Resource, plan: Field, { report, attempt }: Context<object>): void {
  const field = template.inputs.at("userData");
  if (field.unknown && comesFromCluster(template)) return;
  const content = userDataOf(template);
  if (content === undefined || content.problems.length > 0) {
    report(field, {
      problem:
        content === undefined ? "no user data is set" : `cannot be read: ${content.problems.join("; ")}`,
      because: "the node starts untuned, and nobody can compare it with the node plan",
      remedy: "render the user data from the plan with renderUserData",
      secret: true,
    });
    return;
  }
  attempt(() => sameKernelArguments(field, content, plan, report));
  for (const [key, wanted] of plan.at("kubeletConfig").entries()) {
    attempt(() => sameSetting(kubeletSetting(template, content, key), wanted, report));
  }
}

/** An AMI of our own needs the cluster's address in its user data, which no new stack knows; the plan stands for it. */
function comesFromCluster(template: Resource): boolean {
  const ownImage = template.inputs.at("imageId").present;
  return ownImage && template.trace("userData", "eks:index:Cluster", "aws:eks/cluster:Cluster").length > 0;
}

type Report = Context<object>["report"];

function sameKernelArguments(
  field: Field,
  { kernelArguments }: UserDataContent,
  plan: Field,
  report: Report,
): void {
  const planned = plan
    .at("kernelArguments")
    .list()
    .map((argument) => argument.text() ?? "");
  const written = kernelArguments ?? [];
  if (isDeepStrictEqual([...written].sort(), [...planned].sort())) return;
  const missing = planned.filter((argument) => !written.includes(argument));
  const extra = written.filter((argument) => !planned.includes(argument));
  report(field, {
    problem: `its kernel arguments differ from the node plan (missing: ${missing.join(" ") || "none"}; added: ${extra.join(" ") || "none"})`,
    because: "the kernel would isolate other CPUs than the kubelet hands out",
    remedy: "render the user data from the plan with renderUserData",
    secret: true,
  });
}

function sameSetting(written: Field, wanted: Field, report: Report): void {
  if (isDeepStrictEqual(written.value, wanted.value)) return;
  report(written, {
    problem: `is ${JSON.stringify(wanted.value)} in the node plan`,
    because: "the kubelet would do something else than pods, shutdown and kernel were planned for",
    remedy: "render the user data from the plan with renderUserData",
  });
}

function sameThreads(template: Resource, plan: Field, { report }: Context<object>): void {
  const wanted = plan.at("cpuOptions");
  const written = template.inputs.at("cpuOptions");
  if (!wanted.present && !written.present) return;
  const keys = ["coreCount", "threadsPerCore"];
  if (keys.every((key) => written.at(key).scalar() === wanted.at(key).scalar())) return;
  report(written, {
    problem: `must be ${wanted.present ? JSON.stringify(wanted.value) : "left out"}, as in the node plan`,
    because: "CPU numbers mean other cores with another number of threads",
    remedy: "take cpuOptions from the plan",
  });
}

function sameType(group: Resource, plan: Field, { report }: Context<object>): void {
  const types = group.inputs.at("instanceTypes");
  const named = types.list().map((type) => type.text());
  const planned = plan.at("instanceType").text();
  if (named.length === 1 && named[0] === planned) return;
  report(types, {
    problem: `must be ${planned} alone, for which the node plan was made`,
    because: "on another type the CPU lists name other cores, or none",
    remedy: "change the instance type of the profile",
  });
}
