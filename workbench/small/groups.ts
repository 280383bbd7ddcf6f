import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { messageOf, UserError } from "../offline/errors";
import { EVICTION_FAILURE } from "./drain";
import type { Fleet } from "./fleet";
import { type NodeGroup, nodeGroupSchema, type Report } from "./node-group";
import { nextStep } from "./reconcile";

const stateSchema = z.object({
  groups: z.record(
    z.string(),
    z.object({
      group: nodeGroupSchema,
      isRemoved: z.boolean(),
      /** Why the work was given up; asked for again, the group is tried again. */
      failure: z.string().optional(),
    }),
  ),
});
type State = z.infer<typeof stateSchema>;
type Entry = State["groups"][string];

/** Errors in a row after which a group is given up. */
const MOST_ERRORS = 10;

/** All node groups: what they should be, kept in a file, and the work on making their nodes so. */
export class Groups {
  readonly #file: string;
  readonly #fleet: Pick<Fleet, "configure" | "nodes" | "perform" | "removeForgotten">;
  readonly #log: (line: string) => void;
  readonly #state: State;
  /** What is being done to each group that is worked on. */
  readonly #working = new Map<string, string>();
  /** Groups whose nodes were seen to be as written. */
  readonly #settled = new Map<string, Entry>();
  readonly #errors = new Map<string, number>();

  constructor(
    file: string,
    fleet: Pick<Fleet, "configure" | "nodes" | "perform" | "removeForgotten">,
    log: (line: string) => void,
  ) {
    this.#file = file;
    this.#fleet = fleet;
    this.#log = log;
    this.#state = existsSync(file) ? readState(file) : { groups: {} };
  }

  put(id: string, group: NodeGroup): void {
    this.#set(id, { group, isRemoved: false });
    void this.#work(id);
  }

  remove(id: string): void {
    const entry = this.#state.groups[id];
    if (entry === undefined) return;
    this.#set(id, { group: entry.group, isRemoved: true });
    void this.#work(id);
  }

  report(id: string): Report {
    const entry = this.#state.groups[id];
    if (entry === undefined) return { state: "GONE", message: "" };
    if (entry.failure !== undefined) return { state: "FAILED", message: entry.failure, ...described(entry) };
    return this.#settled.get(id) === entry && !entry.isRemoved
      ? { state: "ACTIVE", message: "", ...described(entry) }
      : { state: "UPDATING", message: this.#working.get(id) ?? "", ...described(entry) };
  }

  /** Looks at every group: a node that went away by itself is made again, as an Auto Scaling group does. */
  async reconcile(): Promise<void> {
    if (this.#working.size === 0) await this.#fleet.removeForgotten();
    await Promise.all(Object.keys(this.#state.groups).map((id) => this.#work(id)));
  }

  async #work(id: string): Promise<void> {
    if (this.#working.has(id)) return;
    this.#working.set(id, "looking at its nodes");
    const say = (line: string): void => {
      if (this.#working.get(id) !== line) this.#log(`${id}: ${line}`);
      this.#working.set(id, line);
    };
    try {
      await this.#settle(id, say);
      this.#errors.delete(id);
    } catch (error) {
      this.#fail(id, messageOf(error));
    } finally {
      this.#working.delete(id);
    }
  }

  // An API server that is away for a moment is no reason to give up; a drain that never ends is.
  #fail(id: string, message: string): void {
    this.#log(`${id}: ${message}`);
    const count = (this.#errors.get(id) ?? 0) + 1;
    this.#errors.set(id, count);
    const entry = this.#state.groups[id];
    if (entry === undefined || (count < MOST_ERRORS && !message.startsWith(EVICTION_FAILURE))) return;
    this.#errors.delete(id);
    this.#set(id, { ...entry, failure: message });
  }

  async #settle(id: string, say: (line: string) => void): Promise<void> {
    for (;;) {
      const entry = this.#state.groups[id];
      if (entry === undefined || entry.failure !== undefined) return;
      const wanted = entry.isRemoved ? undefined : entry.group;
      if (wanted !== undefined) await this.#fleet.configure(wanted);
      const step = nextStep(wanted, await this.#fleet.nodes(entry.group.name));
      // Only if nobody asked for something else meanwhile.
      if (step.kind === "settled" && this.#state.groups[id] === entry) {
        if (entry.isRemoved) this.#forget(id);
        else this.#settled.set(id, entry);
        return;
      }
      await this.#fleet.perform(step, wanted, say);
    }
  }

  #set(id: string, entry: Entry): void {
    this.#state.groups[id] = entry;
    this.#save();
  }

  #forget(id: string): void {
    delete this.#state.groups[id];
    this.#save();
  }

  #save(): void {
    writeFileSync(`${this.#file}.part`, JSON.stringify(this.#state, null, 2));
    renameSync(`${this.#file}.part`, this.#file);
  }
}

function described({ group: { description } }: Entry): Pick<Report, "description"> {
  return description === undefined ? {} : { description };
}

function readState(file: string): State {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new UserError(`${file} cannot be read (${messageOf(error)}). It was left as it is.`);
  }
}
