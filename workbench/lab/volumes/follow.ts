import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { messageOf } from "../../offline/errors";
import type { KubeClient } from "../kube-client";

const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(z.unknown()),
});
const changeSchema = z.object({ type: z.enum(["ADDED", "MODIFIED", "DELETED"]), object: z.unknown() });

/** Whoever wants to know all objects of a kind, and each change. */
export interface Follower {
  /** All that there are now: what is not among them is gone. */
  all(objects: readonly unknown[]): void;
  changed(object: unknown): void;
  deleted(object: unknown): void;
}

const RETRY_MILLISECONDS = 500;

/** Tells a follower of every object of a kind, for ever. */
export async function follow(
  client: KubeClient,
  path: string,
  follower: Follower,
  say: (line: string) => void,
): Promise<never> {
  for (;;) {
    try {
      const { metadata, items } = listSchema.parse(await client.get(path));
      follower.all(items);
      for await (const event of client.watch(path, metadata.resourceVersion)) {
        const { data: change } = changeSchema.safeParse(event);
        // The API server forgot what came after the list: it is asked for the list again.
        if (change === undefined) break;
        if (change.type === "DELETED") follower.deleted(change.object);
        else follower.changed(change.object);
      }
    } catch (error) {
      say(messageOf(error));
    }
    await sleep(RETRY_MILLISECONDS);
  }
}
