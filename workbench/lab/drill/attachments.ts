import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { KubeClient } from "../kube-client";
import { ATTACHMENTS } from "../volumes/attacher";
import { type Attachment, attachmentOf } from "../volumes/attachment";

/** Where a disk was at a moment (milliseconds). */
export interface Sample {
  readonly at: number;
  readonly attachments: readonly Attachment[];
}

/** A disk's way from one node to another, in seconds. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** From the wish to detach it until it was attached elsewhere. */
  readonly seconds: number;
}

const POLL_MILLISECONDS = 100;
const listSchema = z.object({ items: z.array(z.unknown()) });

/** The last move of a disk in a series of samples, or undefined when it did not move. */
export function moveIn(samples: readonly Sample[]): Move | undefined {
  const holder = ({ attachments }: Sample): string | undefined =>
    attachments.find(({ metadata, status }) => status.attached && metadata.deletionTimestamp === undefined)
      ?.spec.nodeName;
  const last = samples.findLastIndex((sample) => holder(sample) !== undefined);
  const to = samples[last] && holder(samples[last]);
  const before = samples.findLastIndex((sample) => holder(sample) !== undefined && holder(sample) !== to);
  const from = samples[before] && holder(samples[before]);
  const leaves = samples[before + 1];
  const arrives = samples.slice(before + 1).find((sample) => holder(sample) === to);
  if (from === undefined || to === undefined || leaves === undefined || arrives === undefined) return undefined;
  return { from, to, seconds: (arrives.at - leaves.at) / 1000 };
}

/** Does something, and says how a volume's disk moved meanwhile. */
export async function watchingDisk<T>(
  client: KubeClient,
  volume: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly move: Move | undefined }> {
  const samples: Sample[] = [];
  const stop = new AbortController();
  const looking = (async () => {
    while (!stop.signal.aborted) {
      const attachments = await attachmentsOf(client, volume).catch(() => undefined);
      if (attachments !== undefined) samples.push({ at: Date.now(), attachments });
      await sleep(POLL_MILLISECONDS);
    }
  })();
  try {
    return { result: await work(), move: moveIn(samples) };
  } finally {
    stop.abort();
    await looking;
  }
}

async function attachmentsOf(client: KubeClient, volume: string): Promise<Attachment[]> {
  const { items } = listSchema.parse(await client.get(ATTACHMENTS));
  return items
    .map(attachmentOf)
    .filter((each) => each !== undefined)
    .filter(({ spec }) => spec.source.persistentVolumeName === volume);
}
