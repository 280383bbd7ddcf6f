import { at, isProperties, type Properties, type Value } from "./provider/values";

export interface SummaryInput {
  readonly stack: string;
  /** The stack's outputs; whatever is missing is left out. */
  readonly outputs: Properties;
  /** The stack's checkpoint or exported state. */
  readonly state: Value;
  readonly policyPacks: Readonly<Record<string, string>>;
  readonly policyCounts?: Readonly<Record<string, number>>;
  /** Remarks of policies that do not refuse. */
  readonly advisories: number;
  /** What is not real; default: the offline provider's part. */
  readonly simulated?: string;
}

/** What an SRE wants to know after an update: which market runs where, on what, stored how, judged by what. */
export function summarize(input: SummaryInput): string {
  const { outputs, state } = input;
  const resources = resourcesOf(state);
  const sections = [
    `Stack ${input.stack}, cluster ${text(outputs.clusterName) || "(none)"}`,
    section("Engines", ["engine", "ordinal", "markets", "zone", "DNS"], engineRows(outputs, resources)),
    section(
      "Nodes",
      ["group", "zone", "instance type", "housekeeping CPUs", "isolated CPUs", "size"],
      objects(outputs.nodeGroups).map((group) =>
        ["name", "zone", "instanceType", "housekeepingCpus", "isolatedCpus", "size"].map((key) =>
          text(group[key]),
        ),
      ),
    ),
    storageLine(text(outputs.storageClass), resources),
    list("Egress addresses", outputs.egressIps),
    policyLine(input),
    input.simulated ??
      "Simulated: AWS and Kubernetes, by the offline provider. Nothing was ordered, started or paid for.",
  ];
  return `\n${sections.filter((part) => part !== "").join("\n\n")}\n`;
}

function engineRows(outputs: Properties, resources: readonly Properties[]): readonly (readonly string[])[] {
  const zones = zonesByEngine(resources);
  return objects(outputs.engines).map((engine) => [
    text(engine.name),
    text(engine.ordinal),
    Array.isArray(engine.markets) ? engine.markets.map(text).join(", ") : "",
    text(engine.zone) || zones.get(text(engine.name)) || zonesOf(outputs),
    text(engine.dns),
  ]);
}

// The scheduler spreads the replicas, so a pod's zone is known only where its StatefulSet allows a single one.
function zonesByEngine(resources: readonly Properties[]): ReadonlyMap<string, string> {
  const sets = resources.filter((resource) => resource.type === "kubernetes:apps/v1:StatefulSet");
  return new Map(
    sets.map((set) => {
      const found = JSON.stringify(set.inputs ?? {}).match(/(?<=")[a-z]{2}-[a-z]+-\d[a-z](?=")/g) ?? [];
      const zones = new Set(found);
      return [text(at(set, "inputs", "metadata", "name")), zones.size === 1 ? ([...zones][0] ?? "") : ""];
    }),
  );
}

function zonesOf(outputs: Properties): string {
  const zones = [...new Set(objects(outputs.nodeGroups).map((group) => text(group.zone)))];
  return zones.length === 0 ? "by the scheduler" : `one of ${zones.join(", ")}`;
}

function storageLine(className: string, resources: readonly Properties[]): string {
  const found = resources.find(
    ({ type, inputs }) =>
      type === "kubernetes:storage.k8s.io/v1:StorageClass" &&
      text(at(inputs, "metadata", "name")) === className,
  );
  if (className === "") {
    return "";
  }
  if (!found) {
    return `Storage: class ${className}, made elsewhere`;
  }
  const parameters = at(found, "inputs", "parameters");
  const encrypted = text(at(parameters, "encrypted")) === "true";
  const key = text(at(parameters, "kmsKeyId"));
  const facts = [
    encrypted ? `encrypted with ${key || "the account's default key"}` : "NOT ENCRYPTED",
    `volumes are kept after their claim is deleted: ${text(at(found, "inputs", "reclaimPolicy")) === "Retain" ? "yes" : "NO"}`,
  ];
  return `Storage: class ${className}\n  ${facts.join("\n  ")}`;
}

function policyLine({ policyPacks, policyCounts = {}, advisories }: SummaryInput): string {
  const packs = Object.entries(policyPacks).map(([name, version]) => {
    const count = policyCounts[name];
    return `${name} ${version}${count === undefined ? "" : ` (${count} policies)`}`;
  });
  if (packs.length === 0) {
    return "Policies: none were enforced";
  }
  const remarks = advisories === 0 ? "no remarks" : `${advisories} remarks (above)`;
  return `Policies: ${packs.join(", ")}: every mandatory rule passed, ${remarks}`;
}

function section(title: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "" : `${title}\n${table([header, ...rows])}`;
}

/** Lines with aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<readonly number[]>(
    (known, row) => row.map((cell, column) => Math.max(known[column] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}

function list(title: string, value: Value | undefined): string {
  return Array.isArray(value) && value.length > 0 ? `${title}: ${value.map(text).join(", ")}` : "";
}

function resourcesOf(state: Value): readonly Properties[] {
  const deployment = at(state, "deployment") ?? at(state, "checkpoint", "latest");
  return objects(at(deployment, "resources"));
}

function objects(value: Value | undefined): readonly Properties[] {
  return Array.isArray(value) ? value.filter(isProperties) : [];
}

function text(value: Value | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
