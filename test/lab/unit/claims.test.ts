import assert from "node:assert/strict";
import { SIMULATED } from "../../../workbench/lab/commands";
import { PROVISIONER } from "../../../workbench/lab/nodes";
import { Claims } from "../../../workbench/lab/volumes/claims";

describe("a claim that grows", () => {
  const claim = (status: object) => ({
    metadata: {
      ...{ name: "data-e-0", namespace: "trading", uid: "u" },
      annotations: { "volume.kubernetes.io/storage-provisioner": PROVISIONER },
    },
    spec: {
      accessModes: ["ReadWriteOncePod"],
      volumeName: "v",
      resources: { requests: { storage: "30Gi" } },
    },
    status: {
      capacity: { storage: "20Gi" },
      allocatedResources: {},
      allocatedResourceStatuses: {},
      ...status,
    },
  });
  const PENDING = {
    allocatedResources: { storage: "30Gi" },
    allocatedResourceStatuses: { storage: "NodeResizePending" },
  };

  it("is served again when what was done for it changed it before it was done", async () => {
    const patched: unknown[] = [];
    const claims = new Claims({
      attacher: { nodeWith: () => "n" },
      disks: "/nowhere",
      say: () => {},
      client: {
        create: async () => false,
        async send(method, path, body) {
          if (method === "GET") {
            return { status: 200, body: { metadata: { annotations: { [SIMULATED.key]: SIMULATED.value } } } };
          }
          if (body !== undefined && path.endsWith("/status")) patched.push(body);
          // The watch is quicker than the answer.
          if (patched.length === 1 && path.endsWith("/status")) claims.changed(claim(PENDING));
          return { status: 200, body: {} };
        },
      },
    });
    claims.changed(claim({}));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(patched.at(-1), {
      status: { capacity: { storage: "30Gi" }, allocatedResourceStatuses: null, conditions: null },
    });
  });
});
