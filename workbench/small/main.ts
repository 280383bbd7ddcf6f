import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { KubeClient } from "../lab/kube-client";
import { accessOf } from "../lab/kubeconfig";
import { labFolder } from "../lab/paths";
import { hasReal } from "../lab/real/configs";
import { apiServer, readSettings } from "../lab/settings";
import { labTools } from "../lab/tools";
import { messageOf } from "../offline/errors";
import { Fleet, type RealPart } from "./fleet";
import { Groups } from "./groups";
import { smallFiles } from "./process";
import { serveGroups } from "./service";

/**
 * AWS in the small: a process of the lab that keeps node groups and their nodes. What it knows is in a file, so that it
 * may be ended and started again; a deleted node comes back, because it looks every second.
 */

const optionsSchema = z.object({
  realZones: z.array(z.string()),
  image: z.string(),
  evictionSeconds: z.number().positive(),
});
export type SmallOptions = z.infer<typeof optionsSchema>;

const LOOK_MILLISECONDS = 1000;

async function main(root: string, options: SmallOptions): Promise<never> {
  const lab = labFolder(root);
  const settings = readSettings(lab);
  if (settings === undefined) throw new Error(`there is no lab in ${root}`);
  const client = new KubeClient(accessOf(lab, "admin", apiServer(settings)));
  const { realZones: zones, image, evictionSeconds } = options;
  const real: RealPart | undefined = hasReal(settings)
    ? { settings, tools: await labTools(log, true), zones, image }
    : undefined;
  const files = smallFiles(lab);
  const groups = new Groups(files.state, new Fleet({ lab, client, real, evictionSeconds }), log);
  await serveGroups(files.socket, groups);
  for (;;) {
    await groups.reconcile().catch((error: unknown) => log(messageOf(error)));
    await sleep(LOOK_MILLISECONDS);
  }
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

const [, , root = "", options = ""] = process.argv;
void main(root, optionsSchema.parse(JSON.parse(options)));
