import type { LabFolder } from "../lab/paths";
import { livingPids, powerOff } from "../lab/real/node";
import { type NodeFolder, nodeFolders } from "../lab/real/node-folder";
import type { Instances } from "./instances";

const SCHEME = "lab://";

/** The real nodes of a lab as instances: stopped is one of which no process lives. */
export function labInstances(lab: LabFolder): Instances {
  const find = (id: string): NodeFolder | undefined =>
    nodeFolders(lab).find(({ request }) => request.name === id);
  return {
    idOf: (providerId) =>
      providerId.startsWith(SCHEME)
        ? { id: providerId.slice(SCHEME.length) }
        : { why: `its providerID "${providerId}" names no real node of the lab` },
    async describe(id) {
      const node = find(id);
      if (node === undefined) return { kind: "unknown", why: `the lab has no real node ${id}` };
      const living = livingPids(node).length;
      return living === 0 ? { kind: "stopped", state: "stopped" } : { kind: "running", state: "running" };
    },
    async stop(id) {
      const node = find(id);
      if (node !== undefined) await powerOff(node);
    },
  };
}
