import { deepEqual, equal } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsOnLab } from "../../../workbench/offline/provider/aws-on-lab";
import { awsPackage } from "../../../workbench/offline/provider/aws-package";
import { Registry } from "../../../workbench/offline/provider/registry";
import { smallNodeGroup } from "../../../workbench/offline/provider/small-node-group";
import { Groups } from "../../../workbench/small/groups";
import { SmallClient, serveGroups } from "../../../workbench/small/service";

const TYPE = "aws:eks/nodeGroup:NodeGroup";
const ID = "cluster:engines-a";

/** What a refresh sees after a run that was killed: its request is with AWS, and not in the state. */
describe("a node group as a refresh reads it", () => {
  const folder = mkdtempSync(join(tmpdir(), "read-"));
  const socket = join(folder, "small.sock");
  const registry = new Registry();
  const fleet = {
    configure: async () => {},
    removeForgotten: async () => {},
    nodes: async () => [],
    perform: async () => {},
  };
  const groups = new Groups(join(folder, "groups.json"), fleet, () => {});
  const small = new SmallClient(socket);
  const access = { server: "https://x", authority: "", certificate: "", key: "" };
  const provider = awsOnLab(awsPackage("7.0.0", registry), registry, { access, small });
  const request = { urn: "urn:pulumi:dev::p::t::n", type: TYPE, name: "n", config: {} };
  const outputs = { nodeGroupName: "engines-a", releaseVersion: "1", status: "ACTIVE" };
  let server: Server;

  before(async () => {
    server = await serveGroups(socket, groups);
    registry.add({ urn: request.urn, type: TYPE, id: ID, outputs });
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is gone when AWS in the small knows nothing of it", async () => {
    equal(await provider.read({ ...request, id: ID, outputs }), undefined);
  });

  it("is what it was last asked to be, whatever the state says", async () => {
    const parts = { region: "eu-central-1", template: undefined, subnets: [{ availabilityZone: "a" }] };
    groups.put(ID, smallNodeGroup({ ...outputs, releaseVersion: "2" }, parts));
    const found = await provider.read({ ...request, id: ID, outputs });
    deepEqual(found, { id: ID, outputs: { ...outputs, releaseVersion: "2" } });
  });

  it("is what the state says for everything that is no node group", async () => {
    const vpc = { ...request, type: "aws:ec2/vpc:Vpc", id: "vpc-1", outputs: { arn: "x" } };
    registry.add({ urn: vpc.urn, type: vpc.type, id: vpc.id, outputs: vpc.outputs });
    deepEqual(await provider.read(vpc), { id: vpc.id, outputs: vpc.outputs });
  });
});
