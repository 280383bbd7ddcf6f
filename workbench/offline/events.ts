import { existsSync, readFileSync } from "node:fs";
import { isProperties, type Properties, type Value } from "./provider/values";

/** One step that the engine planned or took. */
export interface Step {
  /** The engine's name: create, update, delete, same, replace, create-replacement, delete-replaced, read, refresh … */
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  /** Why it is a replacement: the fields that force it. */
  readonly replaceReasons: readonly string[];
  /** Changed fields, and per field what the engine says of it: "update", "add-replace" … */
  readonly diffs: readonly string[];
  readonly detailedDiff: Readonly<Record<string, string>>;
  readonly oldInputs: Properties;
  readonly newInputs: Properties;
  /** In a preview, what is not known yet is the engine's marker. */
  readonly outputs: Properties;
}

/** A refusal or a remark of a policy. */
export interface Violation {
  readonly policy: string;
  readonly level: string;
  readonly message: string;
  readonly urn: string;
}

export interface EventLog {
  readonly steps: readonly Step[];
  readonly violations: readonly Violation[];
  readonly diagnostics: readonly {
    readonly severity: string;
    readonly message: string;
    readonly urn: string;
  }[];
  /** Policy packs that ran, by name, with their version. */
  readonly policyPacks: Readonly<Record<string, string>>;
}

/** Reads the engine's event log; a missing file is an empty log. */
export function readEventLog(file: string): EventLog {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  return parseEvents(lines);
}

/** Reads events in the engine's own form, one JSON object a line. */
export function parseEvents(lines: readonly string[]): EventLog {
  const events = lines.map((line): Value => JSON.parse(line)).filter(isProperties);
  const outputs = new Map<string, Properties>();
  for (const { resOutputsEvent } of events) {
    const metadata = isProperties(resOutputsEvent) ? object(resOutputsEvent.metadata) : {};
    outputs.set(`${string(metadata.urn)} ${string(metadata.op)}`, object(object(metadata.new).outputs));
  }
  return {
    steps: events.flatMap(({ resourcePreEvent }) =>
      isProperties(resourcePreEvent) ? [step(object(resourcePreEvent.metadata), outputs)] : [],
    ),
    violations: events.flatMap(({ policyEvent }) =>
      isProperties(policyEvent) ? [violation(policyEvent)] : [],
    ),
    diagnostics: events.flatMap(({ diagnosticEvent: event }) =>
      isProperties(event) && event.severity !== "debug"
        ? [{ severity: string(event.severity), message: string(event.message), urn: string(event.urn) }]
        : [],
    ),
    policyPacks: Object.assign({}, ...events.map(({ summaryEvent }) => packs(object(summaryEvent)))),
  };
}

function step(metadata: Properties, outputs: ReadonlyMap<string, Properties>): Step {
  const after = object(metadata.new);
  return {
    op: string(metadata.op),
    urn: string(metadata.urn),
    type: string(metadata.type),
    replaceReasons: strings(metadata.keys),
    diffs: strings(metadata.diffs),
    detailedDiff: Object.fromEntries(
      Object.entries(object(metadata.detailedDiff)).map(([path, entry]) => [
        path,
        string(object(entry).diffKind),
      ]),
    ),
    oldInputs: object(object(metadata.old).inputs),
    newInputs: object(after.inputs),
    outputs: outputs.get(`${string(metadata.urn)} ${string(metadata.op)}`) ?? object(after.outputs),
  };
}

function violation(event: Properties): Violation {
  return {
    policy: string(event.policyName),
    level: string(event.enforcementLevel),
    message: plain(string(event.message)),
    urn: string(event.resourceUrn),
  };
}

function packs(summary: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object(summary.PolicyPacks)).map(([name, version]) => [
      // A local pack's name carries its folder: "name|local|/path".
      name.split("|")[0] ?? name,
      string(version),
    ]),
  );
}

// The engine marks colours as <{%name%}>.
function plain(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, "").trim();
}

function object(value: Value | undefined): Properties {
  return isProperties(value) ? value : {};
}

function string(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

function strings(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}
