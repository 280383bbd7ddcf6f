import { readFileSync } from "node:fs";
import { z } from "zod";
import { KubeClient } from "../kube-client";
import { parseKubeconfig } from "../kubeconfig";
import { ATTACHMENTS, Attacher } from "./attacher";
import { CLAIMS, Claims } from "./claims";
import { follow } from "./follow";
import { READY } from "./volume";

/**
 * Stand-in for a storage driver's controller: a process of the lab that makes a zonal volume for each claim of its
 * class once the scheduler has chosen a node, attaches and detaches it as the controller manager wishes, and grows it.
 */

const LOOK_MILLISECONDS = 1000;

function serve(client: KubeClient, disks: string, milliseconds: number): void {
  const attacher = new Attacher({ client, disks, milliseconds, say });
  const claims = new Claims({ client, attacher, disks, say });
  void follow(client, ATTACHMENTS, attacher, say);
  void follow(client, CLAIMS, claims, say);
  setInterval(() => {
    attacher.look();
    claims.look();
  }, LOOK_MILLISECONDS);
  say(READY);
}

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

const words = z.tuple([z.string(), z.string(), z.string().min(1), z.string().min(1), z.coerce.number()]);
const [, , file, disks, milliseconds] = words.parse(process.argv);
serve(new KubeClient(parseKubeconfig(readFileSync(file, "utf8"))), disks, milliseconds);
