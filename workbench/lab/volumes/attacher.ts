import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../offline/errors";
import { ApiError, type KubeClient } from "../kube-client";
import { type Attachment, attachmentOf, attachStep, FINALIZER } from "./attachment";
import type { Follower } from "./follow";
import { nodeFacts } from "./nodes";
import { type Disk, diskOf, folderOf } from "./volume";

export const ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments";
const MERGE = "application/merge-patch+json";

interface AttacherOptions {
  readonly client: KubeClient;
  readonly disks: string;
  /** How long one attach or one detach takes. */
  readonly milliseconds: number;
  say(line: string): void;
}

/** Attaches and detaches disks as the controller manager wishes; one thing at a time with each disk. */
export class Attacher implements Follower {
  readonly #options: AttacherOptions;
  readonly #attachments = new Map<string, Attachment>();
  readonly #queues = new Map<string, Promise<void>>();

  constructor(options: AttacherOptions) {
    this.#options = options;
  }

  all(objects: readonly unknown[]): void {
    this.#attachments.clear();
    for (const object of objects) this.#keep(object);
    this.look();
  }

  changed(object: unknown): void {
    const attachment = this.#keep(object);
    if (attachment !== undefined) this.#enqueue(volumeOf(attachment));
  }

  deleted(object: unknown): void {
    const attachment = attachmentOf(object);
    if (attachment === undefined) return;
    this.#attachments.delete(attachment.metadata.name);
    // One that was refused because of this one is waited for.
    this.#enqueue(volumeOf(attachment));
  }

  /** Looks at all that is not attached again: a node may have come since. */
  look(): void {
    for (const attachment of this.#attachments.values()) {
      const { metadata, status } = attachment;
      if (!status.attached || metadata.deletionTimestamp !== undefined) this.#enqueue(volumeOf(attachment));
    }
  }

  /** Node to which a volume's disk is attached. */
  nodeWith(volume: string): string | undefined {
    return this.#of(volume).find(({ status }) => status.attached)?.spec.nodeName;
  }

  #of(volume: string): Attachment[] {
    return [...this.#attachments.values()].filter((attachment) => volumeOf(attachment) === volume);
  }

  #keep(object: unknown): Attachment | undefined {
    const attachment = attachmentOf(object);
    if (attachment !== undefined) this.#attachments.set(attachment.metadata.name, attachment);
    return attachment;
  }

  #enqueue(volume: string): void {
    const before = this.#queues.get(volume) ?? Promise.resolve();
    const after = before
      .then(() => this.#reconcile(volume))
      .catch((error: unknown) => this.#options.say(`${volume}: ${messageOf(error)}`))
      .then(() => {
        if (this.#queues.get(volume) === after) this.#queues.delete(volume);
      });
    this.#queues.set(volume, after);
  }

  // Those that go come first: one that comes may wait for them.
  async #reconcile(volume: string): Promise<void> {
    const isGoing = ({ metadata }: Attachment): boolean => metadata.deletionTimestamp !== undefined;
    const all = this.#of(volume);
    const waiting = all.filter((each) => !isGoing(each) && !each.status.attached);
    for (const { metadata } of [...all.filter(isGoing), ...waiting]) {
      const attachment = this.#attachments.get(metadata.name);
      if (attachment !== undefined) await this.#perform(attachment);
    }
  }

  async #perform(attachment: Attachment): Promise<void> {
    const { client, say } = this.#options;
    const { name } = attachment.metadata;
    const { nodeName, source } = attachment.spec;
    const volume = source.persistentVolumeName;
    const { body } = await client.send("GET", `/api/v1/persistentvolumes/${volume}`);
    const step = attachStep(attachment, {
      disk: diskOf(body),
      zone: (await nodeFacts(client, nodeName))?.zone,
      others: this.#of(volume).filter(({ metadata }) => metadata.name !== name),
    });
    if (step.kind === "attach") await this.#attach(attachment, step.disk);
    if (step.kind === "detach") await this.#detach(attachment);
    if (step.kind === "refuse") {
      const attachError = { message: step.message, time: new Date().toISOString() };
      await this.#patch(name, { status: { attachError } }, "/status");
      say(`${volume} is not attached to ${nodeName}: ${step.message}`);
    }
  }

  async #attach({ metadata, spec }: Attachment, disk: Disk): Promise<void> {
    const { disks, milliseconds, say } = this.#options;
    const { name } = metadata;
    const finalizers = [...new Set([...metadata.finalizers, FINALIZER])];
    await this.#patch(name, { metadata: { finalizers } });
    await sleep(milliseconds);
    const devicePath = folderOf(disk, disks);
    await this.#patch(
      name,
      { status: { attached: true, attachError: null, attachmentMetadata: { devicePath } } },
      "/status",
    );
    say(`${disk.volume} (${disk.handle}) is attached to ${spec.nodeName}`);
  }

  async #detach({ metadata, spec }: Attachment): Promise<void> {
    const { milliseconds, say } = this.#options;
    const { name } = metadata;
    await sleep(milliseconds);
    const finalizers = metadata.finalizers.filter((each) => each !== FINALIZER);
    await this.#patch(name, { metadata: { finalizers } });
    this.#attachments.delete(name);
    say(`${spec.source.persistentVolumeName} is detached from ${spec.nodeName}`);
  }

  async #patch(name: string, body: object, part = ""): Promise<void> {
    const path = `${ATTACHMENTS}/${name}${part}`;
    const answer = await this.#options.client.send("PATCH", path, body, MERGE);
    if (answer.status === 404) this.#attachments.delete(name);
    else if (answer.status > 299) throw new ApiError(path, answer);
    else this.#keep(answer.body);
  }
}

function volumeOf({ spec }: Attachment): string {
  return spec.source.persistentVolumeName;
}
