import { appendFileSync } from "node:fs";
import type { Verdict } from "./rule";

/** Names a file to which every rule appends its verdict, as a line of JSON. Tests and reports read it. */
export const VERDICTS_VARIABLE = "TRADING_POLICY_VERDICTS";

/** A line of the file. Violations carry messages, which never hold a secret's value. */
export interface VerdictLine {
  readonly rule: string;
  readonly phase: "preview" | "update";
  readonly verdict: Verdict["kind"];
  readonly reason?: string;
  /** URNs of the resources that the rule looked at. */
  readonly resources: readonly string[];
  readonly violations: readonly { readonly urn: string; readonly message: string }[];
}

export function recordVerdict(rule: string, verdict: Verdict): void {
  const file = process.env[VERDICTS_VARIABLE];
  if (file === undefined || file === "") return;
  const line: VerdictLine = {
    rule,
    phase: process.env["PULUMI_NODEJS_DRY_RUN"] === "true" ? "preview" : "update",
    verdict: verdict.kind,
    ...(verdict.kind === "not-applicable" ? { reason: verdict.reason } : {}),
    resources: verdict.kind === "not-applicable" ? [] : verdict.resources,
    violations: verdict.kind === "violation" ? verdict.violations : [],
  };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}
