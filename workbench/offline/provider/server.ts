import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { messageOf } from "../errors";
import type { FieldChange } from "./diff";
import { parseUrn } from "./identity";
import { type Awaitable, InitFailure, type ProviderPackage, type ResourceRequest } from "./package";
import { fromStruct, type Properties, toStruct } from "./values";

/** Messages may be as large as the real provider's: user data and policies of a big stack exceed gRPC's 4 MiB. */
export const GRPC_LIMITS = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
};

type Handler<Request, Response> = grpc.handleUnaryCall<Request, Response>;

/** Wraps a function as a gRPC handler: what it throws becomes the error that the engine shows. */
export function unary<Request, Response>(
  answer: (request: Request, peer: string) => Awaitable<Response>,
): Handler<Request, Response> {
  return (call, callback) => {
    const asked = async (): Promise<Response> => await answer(call.request, call.getPeer());
    asked().then(
      (response) => callback(null, response),
      (error: unknown) => callback(serviceError(error)),
    );
  };
}

function serviceError(error: unknown): Partial<grpc.ServiceError> {
  const failure = { code: grpc.status.UNKNOWN, details: messageOf(error) };
  return error instanceof InitFailure ? { ...failure, metadata: initFailureDetails(error) } : failure;
}

// The form in which gRPC carries an error's details; there is no helper for it in JavaScript.
function initFailureDetails({ message, object }: InitFailure): grpc.Metadata {
  const detail = new proto.ErrorResourceInitFailed()
    .setId(object.id)
    .setProperties(toStruct(object.outputs))
    .setReasonsList([message]);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return metadata;
}

/** Starts a server on a free local port. */
export async function listen(server: grpc.Server): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

/** Serves one simulated package; returns its port. */
export async function serve(provider: ProviderPackage): Promise<number> {
  const server = new grpc.Server(GRPC_LIMITS);
  server.addService(ResourceProviderService, handlers(provider));
  return await listen(server);
}

function handlers(provider: ProviderPackage): grpc.UntypedServiceImplementation {
  // The protocol carries no provider id, but the engine opens one connection for each provider resource, so the peer
  // address tells an explicit provider from the default one.
  const configs = new Map<string, Properties>();
  const context = (message: { getUrn(): string }, peer: string): ResourceRequest => {
    const urn = message.getUrn();
    const { type, name } = parseUrn(urn);
    return { urn, type, name, config: configs.get(peer) ?? {} };
  };
  return {
    handshake: unary<proto.ProviderHandshakeRequest, proto.ProviderHandshakeResponse>(
      () => new proto.ProviderHandshakeResponse(),
    ),
    attach: unary<unknown, Empty>(() => new Empty()),
    getPluginInfo: unary<unknown, PluginInfo>(() => new PluginInfo().setVersion(provider.version)),
    checkConfig: unary<proto.CheckRequest, proto.CheckResponse>((request) =>
      new proto.CheckResponse().setInputs(request.getNews()),
    ),
    diffConfig: unary<proto.DiffRequest, proto.DiffResponse>(diffConfig),
    configure: unary<proto.ConfigureRequest, proto.ConfigureResponse>((request, peer) => {
      configs.set(peer, fromStruct(request.getArgs()));
      return new proto.ConfigureResponse().setSupportspreview(true);
    }),
    cancel: unary<unknown, Empty>(() => {
      provider.cancel?.();
      return new Empty();
    }),
    ...objectHandlers(provider, context),
    invoke: unary<proto.InvokeRequest, proto.InvokeResponse>(async (request, peer) => {
      const args = fromStruct(request.getArgs());
      const result = await provider.invoke(request.getTok(), args, configs.get(peer) ?? {});
      return new proto.InvokeResponse().setReturn(toStruct(result));
    }),
  };
}

function objectHandlers(
  provider: ProviderPackage,
  context: (message: { getUrn(): string }, peer: string) => ResourceRequest,
): grpc.UntypedServiceImplementation {
  return {
    check: unary<proto.CheckRequest, proto.CheckResponse>(async (request, peer) => {
      const olds = fromStruct(request.getOlds());
      const result = await provider.check({
        ...context(request, peer),
        olds,
        news: fromStruct(request.getNews()),
      });
      const failures = result.failures.map(({ property, reason }) =>
        new proto.CheckFailure().setProperty(property).setReason(reason),
      );
      return new proto.CheckResponse().setInputs(toStruct(result.inputs)).setFailuresList(failures);
    }),
    diff: unary<proto.DiffRequest, proto.DiffResponse>(async (request, peer) => {
      const { fields, deleteBeforeReplace } = await provider.diff({
        ...context(request, peer),
        oldInputs: fromStruct(request.getOldInputs()),
        oldOutputs: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        ignore: request.getIgnorechangesList(),
      });
      return diffResponse(fields, deleteBeforeReplace);
    }),
    create: unary<proto.CreateRequest, proto.CreateResponse>(async (request, peer) => {
      const inputs = fromStruct(request.getProperties());
      const { id, outputs } = await provider.create({
        ...context(request, peer),
        inputs,
        preview: request.getPreview(),
        timeoutSeconds: request.getTimeout(),
      });
      return new proto.CreateResponse().setId(id).setProperties(toStruct(outputs));
    }),
    update: unary<proto.UpdateRequest, proto.UpdateResponse>(async (request, peer) => {
      const { outputs } = await provider.update({
        ...context(request, peer),
        id: request.getId(),
        oldInputs: fromStruct(request.getOldInputs()),
        oldOutputs: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        preview: request.getPreview(),
        timeoutSeconds: request.getTimeout(),
      });
      return new proto.UpdateResponse().setProperties(toStruct(outputs));
    }),
    read: unary<proto.ReadRequest, proto.ReadResponse>(async (request, peer) => {
      const outputs = fromStruct(request.getProperties());
      const found = await provider.read({ ...context(request, peer), id: request.getId(), outputs });
      // An empty id is the protocol's "it does not exist any more".
      return found === undefined
        ? new proto.ReadResponse()
        : new proto.ReadResponse()
            .setId(found.id)
            .setProperties(toStruct(found.outputs))
            .setInputs(request.getInputs());
    }),
    delete: unary<proto.DeleteRequest, Empty>(async (request, peer) => {
      await provider.delete({
        ...context(request, peer),
        id: request.getId(),
        outputs: fromStruct(request.getProperties()),
        timeoutSeconds: request.getTimeout(),
      });
      return new Empty();
    }),
  };
}

/** The protocol's form of a diff, with one entry for each changed field. */
export function diffResponse(
  fields: readonly FieldChange[],
  deleteBeforeReplace: boolean,
): proto.DiffResponse {
  const { DiffChanges } = proto.DiffResponse;
  const response = new proto.DiffResponse().setChanges(
    fields.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE,
  );
  const kinds = proto.PropertyDiff.Kind;
  for (const { path, kind, effect } of fields) {
    const replace = effect === "replace";
    const value = {
      add: replace ? kinds.ADD_REPLACE : kinds.ADD,
      delete: replace ? kinds.DELETE_REPLACE : kinds.DELETE,
      update: replace ? kinds.UPDATE_REPLACE : kinds.UPDATE,
    }[kind];
    response.getDetaileddiffMap().set(path, new proto.PropertyDiff().setKind(value).setInputdiff(true));
  }
  const top = (path: string): string => path.split(/[.[]/)[0] ?? path;
  const replaces = fields.filter((field) => field.effect === "replace").map((field) => field.path);
  return response
    .setHasdetaileddiff(true)
    .setDiffsList([...new Set(fields.map((field) => top(field.path)))])
    .setReplacesList([...new Set(replaces)])
    .setDeletebeforereplace(deleteBeforeReplace && replaces.length > 0);
}

function diffConfig(request: proto.DiffRequest): proto.DiffResponse {
  const olds = fromStruct(request.getOldInputs() ?? request.getOlds());
  const news = fromStruct(request.getNews());
  const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    (key) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]),
  );
  // An update of a provider is harmless here; the real ones replace only for another cluster or region, which changes
  // every resource anyway.
  return diffResponse(
    changed.map((path) => ({ path, kind: "update", effect: "update", listed: true })),
    false,
  );
}
