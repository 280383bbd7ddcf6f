import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { GRPC_LIMITS, listen, unary } from "../offline/provider/server";
import { fromStruct, type Properties, toStruct } from "../offline/provider/values";

/** An engine that costs nothing: it answers every registration at once, so that only the program's own time is measured. */
export interface Monitor {
  readonly address: string;
  /** Resources registered since the last call. */
  takeCount(): number;
  close(): void;
}

/** What a program reads from the only remote component it uses. */
const CLUSTER: Properties = {
  kubeconfigJson: "{}",
  eksCluster: { endpoint: "https://eks.test", certificateAuthority: { data: "Y2VydA==" } },
};

/** Starts the stand-in for the engine on a free local port. */
export async function startMonitor(): Promise<Monitor> {
  const server = new grpc.Server(GRPC_LIMITS);
  let registered = 0;
  server.addService(ResourceMonitorService, {
    supportsFeature: unary<proto.SupportsFeatureRequest, proto.SupportsFeatureResponse>((request) =>
      new proto.SupportsFeatureResponse().setHassupport(
        ["secrets", "resourceReferences", "deletedWith"].includes(request.getId()),
      ),
    ),
    registerResource: unary<proto.RegisterResourceRequest, proto.RegisterResourceResponse>((request) => {
      registered += 1;
      return registration(request);
    }),
    registerResourceOutputs: unary<unknown, Empty>(() => new Empty()),
    registerPackage: unary<unknown, proto.RegisterPackageResponse>(() => new proto.RegisterPackageResponse()),
    invoke: unary<unknown, Empty>(() => new Empty()),
    signalAndWaitForShutdown: unary<unknown, Empty>(() => new Empty()),
  });
  server.addService(EngineService, {
    log: unary<engine.LogRequest, Empty>((request) => {
      if (request.getSeverity() === engine.LogSeverity.ERROR)
        process.stderr.write(`${request.getMessage()}\n`);
      return new Empty();
    }),
    getRootResource: unary<unknown, engine.GetRootResourceResponse>(
      () => new engine.GetRootResourceResponse(),
    ),
    setRootResource: unary<unknown, engine.SetRootResourceResponse>(
      () => new engine.SetRootResourceResponse(),
    ),
    requirePulumiVersion: unary<unknown, engine.RequirePulumiVersionResponse>(
      () => new engine.RequirePulumiVersionResponse(),
    ),
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    takeCount() {
      const count = registered;
      registered = 0;
      return count;
    },
    close: () => server.forceShutdown(),
  };
}

function registration(request: proto.RegisterResourceRequest): proto.RegisterResourceResponse {
  const type = request.getType();
  const inputs = fromStruct(request.getObject());
  return new proto.RegisterResourceResponse()
    .setUrn(`urn:pulumi:bench::trading::${type}::${request.getName()}`)
    .setId(request.getCustom() ? `${request.getName()}-id` : "")
    .setObject(toStruct(type === "eks:index:Cluster" ? { ...inputs, ...CLUSTER } : inputs))
    .setStable(false);
}
