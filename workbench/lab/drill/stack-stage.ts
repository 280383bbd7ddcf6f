import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type EngineSpec, marketMapName } from "../../../components/engine/spec";
import type { Edits, Engine, RunResult } from "../../offline/harness";
import type { ProgramPatch } from "../../offline/workspace";
import type { Exchange } from "../engines/exchange";
import type { KubeClient } from "../kube-client";
import type { LabFolder } from "../paths";
import { statefulSetPath } from "./actions";
import type { DrillTimers } from "./drill";
import { configOf, type StackChange } from "./stack-change";
import { DrillFailure, podName } from "./stage";
import type { Subject } from "./subject";

const objectSchema = z.object({ metadata: z.object({ name: z.string(), uid: z.string() }) });
const listSchema = z.object({ items: z.array(objectSchema) });

/** Of the stack file, and the one that a node group is rolled to; they alternate. */
const RELEASES = ["1.35.4-20260715", "1.35.4-20260801"] as const;

/** What every drill finds: the stack file as it is, with state protected as in staging and prod. */
const BASE: StackChange = { protect: true };

/** The pack judges an update too: a preview before each would only cost seconds. */
export const UP_FLAGS = ["--skip-preview"];

/** Seconds from the start of an update until the first object of the cluster changes. Measured; see docs. */
export const PULUMI = 20;

export interface StackStageOptions {
  readonly lab: LabFolder;
  readonly client: KubeClient;
  readonly exchange: Exchange;
  readonly engine: Engine;
  readonly policyPack: string;
  /** The stack's engine, as the stack file has it. */
  readonly subject: Subject;
  readonly timers: DrillTimers;
}

/** The whole stack on a lab: the real Pulumi engine, AWS in the small, engines that trade. */
export class StackStage {
  readonly lab: LabFolder;
  readonly client: KubeClient;
  readonly exchange: Exchange;
  readonly engine: Engine;
  readonly policyPack: string;
  readonly timers: DrillTimers;
  readonly subject: Subject;
  /** What is deployed; undefined after an update that failed. */
  #deployed: StackChange | undefined;
  /** What drills left on purpose: a later one starts from it. */
  #kept: StackChange = {};

  constructor({ lab, client, exchange, engine, policyPack, subject, timers }: StackStageOptions) {
    this.lab = lab;
    this.client = client;
    this.exchange = exchange;
    this.engine = engine;
    this.policyPack = policyPack;
    this.timers = timers;
    this.subject = subject;
  }

  /** The engine as it is deployed. */
  get spec(): EngineSpec {
    return { ...this.subject.spec, markets: this.#deployed?.markets ?? this.subject.spec.markets };
  }

  /** What a drill starts from, with something changed. */
  changed(change: StackChange = {}): StackChange {
    return { ...BASE, ...this.#kept, ...change };
  }

  /** The same, and it stays: nothing is taken back only for the next drill. */
  kept(change: StackChange): StackChange {
    this.#kept = { ...this.#kept, ...change };
    return this.changed();
  }

  /** The release that the nodes do not have. */
  otherRelease(): string {
    return RELEASES.find((release) => release !== (this.#kept.release ?? RELEASES[0])) ?? RELEASES[0];
  }

  async preview(change: StackChange, patch: readonly ProgramPatch[] = []): Promise<RunResult> {
    this.#edit(change, patch);
    return await this.engine.preview();
  }

  /** An update that may fail. */
  async tryUp(change: StackChange, patch: readonly ProgramPatch[] = []): Promise<RunResult> {
    this.#edit(change, patch);
    this.#deployed = undefined;
    const result = await this.engine.up(UP_FLAGS);
    if (result.exitCode === 0) this.#deployed = change;
    return result;
  }

  /** An update that must not fail. */
  async up(change: StackChange): Promise<RunResult> {
    const result = await this.tryUp(change);
    if (result.exitCode !== 0) throw new DrillFailure(`the update failed: ${lastLines(said(result))}`);
    return result;
  }

  /** Brings back what a drill starts from, unless it is deployed. */
  async settle(): Promise<void> {
    if (!isDeepStrictEqual(this.#deployed, this.changed())) await this.up(this.changed());
  }

  /** Names of the engines' nodes. */
  async nodes(): Promise<string[]> {
    const { items } = listSchema.parse(
      await this.client.get("/api/v1/nodes?labelSelector=node-type=trading"),
    );
    return items.map(({ metadata }) => metadata.name).sort();
  }

  /** Identity of one of the engine's objects; throws while there is none. */
  async uidOf(object: "statefulset" | "map" | { readonly claimOf: number }): Promise<string> {
    const { spec } = this;
    const core = `/api/v1/namespaces/${spec.namespace}`;
    const path =
      object === "statefulset"
        ? statefulSetPath(this)
        : object === "map"
          ? `${core}/configmaps/${marketMapName(spec)}`
          : `${core}/persistentvolumeclaims/data-${podName(this, object.claimOf)}`;
    return objectSchema.parse(await this.client.get(path)).metadata.uid;
  }

  edits(change: StackChange, programPatch: readonly ProgramPatch[] = []): Edits {
    const { policyPack } = this;
    return {
      policyPack,
      programPatch,
      configOverrides: { config: configOf(change, this.subject.spec.name) },
    };
  }

  #edit(change: StackChange, patch: readonly ProgramPatch[]): void {
    this.engine.edit(this.edits(change, patch));
  }
}

/** Everything that a run told its user. */
export function said({
  stdout,
  stderr,
  violations,
}: Pick<RunResult, "stdout" | "stderr" | "violations">): string {
  return [stdout, stderr, ...violations.map(({ message }) => message)].join("\n");
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-12).join("\n");
}
