import type { ChildProcess } from "node:child_process";
import * as grpc from "@grpc/grpc-js";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { messageOf } from "./errors";
import { exitOf, readLines, sdkModule, startNode } from "./node-process";
import { GRPC_LIMITS, listen, unary } from "./provider/server";

/** A policy pack that is being served. */
export interface PolicyHost {
  readonly port: number;
  readonly stopped: Promise<void>;
  stop(): void;
}

/** How many policies each pack said it has, by pack name; what a summary after the run counts. */
export const servedPolicies = new Map<string, number>();

/**
 * Serves a policy pack. The pack's process reads the stack's name and configuration from its environment when it
 * starts, but the engine tells them by `ConfigureStack` afterwards; so this server stands in front, starts the process
 * once it knows them, and passes everything else on unread.
 */
export async function startPolicyHost(
  directory: string,
  engine: string,
  environment: readonly string[],
  complain: (line: string) => void,
): Promise<PolicyHost> {
  const server = new grpc.Server(GRPC_LIMITS);
  const pack = new PackProcess(directory, engine, environment, complain);
  let finish = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    finish = resolve;
  });
  server.addService(PASSED_ON, {
    analyze: forward(pack, PASSED_ON.analyze),
    analyzeStack: forward(pack, PASSED_ON.analyzeStack),
    remediate: forward(pack, PASSED_ON.remediate),
  });
  const { handshake, configureStack, getAnalyzerInfo, getPluginInfo, configure } = AnalyzerService;
  server.addService(
    { handshake, configureStack, getAnalyzerInfo, getPluginInfo, configure },
    {
      handshake: unary<proto.AnalyzerHandshakeRequest, proto.AnalyzerHandshakeResponse>(
        () => new proto.AnalyzerHandshakeResponse(),
      ),
      configureStack: forward(pack, AnalyzerService.configureStack, (request) => request),
      getAnalyzerInfo: forward(pack, AnalyzerService.getAnalyzerInfo, undefined, (info) =>
        servedPolicies.set(info.getName(), info.getPoliciesList().length),
      ),
      getPluginInfo: forward(pack, AnalyzerService.getPluginInfo),
      configure: forward(pack, AnalyzerService.configure),
    },
  );
  const port = await listen(server);
  const stop = (): void => {
    pack.stop();
    server.forceShutdown();
    finish();
  };
  return { port, stopped, stop };
}

/** The calls that come for every resource: bytes in, bytes out, since nobody here reads them. */
const PASSED_ON = {
  analyze: asBytes(AnalyzerService.analyze),
  analyzeStack: asBytes(AnalyzerService.analyzeStack),
  remediate: asBytes(AnalyzerService.remediate),
};

function asBytes<Request, Response>(
  method: grpc.MethodDefinition<Request, Response>,
): grpc.MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer): Buffer => bytes;
  const { path, requestStream, responseStream } = method;
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

class PackProcess {
  readonly #directory: string;
  readonly #engine: string;
  readonly #environment: readonly string[];
  readonly #complain: (line: string) => void;
  #child: ChildProcess | undefined;
  #client: Promise<grpc.Client> | undefined;

  constructor(
    directory: string,
    engine: string,
    environment: readonly string[],
    complain: (line: string) => void,
  ) {
    this.#directory = directory;
    this.#engine = engine;
    this.#environment = environment;
    this.#complain = complain;
  }

  /** The client of the running pack; starts it for a stack, or for none when the engine analyses a bare state. */
  client(stack?: proto.AnalyzerStackConfigureRequest): Promise<grpc.Client> {
    this.#client ??= this.#start(stack);
    return this.#client;
  }

  async #start(stack: proto.AnalyzerStackConfigureRequest | undefined): Promise<grpc.Client> {
    const env = {
      ...process.env,
      ...Object.fromEntries(this.#environment.map(splitPair)),
      ...(stack ? stackEnvironment(stack) : {}),
    };
    const entry = sdkModule(this.#directory, "cmd/run-policy-pack");
    const child = startNode([entry, this.#engine, this.#directory], { cwd: this.#directory, env });
    this.#child = child;
    void readLines(child.stderr, this.#complain);
    const port = await new Promise<string>((resolve, reject) => {
      let announced = false;
      void readLines(child.stdout, (line) => {
        if (announced) {
          this.#complain(line);
        }
        announced = true;
        resolve(line.trim());
      });
      void exitOf(child).then((code) =>
        reject(new Error(`the policy pack in ${this.#directory} ended with exit code ${code}`)),
      );
    });
    return new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), GRPC_LIMITS);
  }

  stop(): void {
    void this.#client?.then((client) => client.close()).catch(() => undefined);
    this.#child?.kill("SIGTERM");
  }
}

function forward<Request, Response>(
  pack: PackProcess,
  method: grpc.MethodDefinition<Request, Response>,
  stackOf: (request: Request) => proto.AnalyzerStackConfigureRequest | undefined = () => undefined,
  onResponse: (response: Response) => void = () => {},
): grpc.handleUnaryCall<Request, Response> {
  const { path, requestSerialize, responseDeserialize } = method;
  return (call, callback) => {
    pack.client(stackOf(call.request)).then(
      (client) =>
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          call.request,
          (error, response) => {
            if (response !== undefined) {
              onResponse(response);
            }
            callback(error, response ?? null);
          },
        ),
      (error: unknown) => callback({ code: grpc.status.UNKNOWN, details: messageOf(error) }),
    );
  };
}

function stackEnvironment(stack: proto.AnalyzerStackConfigureRequest): NodeJS.ProcessEnv {
  return {
    PULUMI_NODEJS_PROJECT: stack.getProject(),
    PULUMI_NODEJS_STACK: stack.getStack(),
    PULUMI_NODEJS_ORGANIZATION: stack.getOrganization(),
    PULUMI_NODEJS_DRY_RUN: String(stack.getDryRun()),
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(stack.getConfigMap().getEntryList())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(stack.getConfigSecretKeysList()),
  };
}

function splitPair(pair: string): readonly [string, string] {
  const index = pair.indexOf("=");
  return [pair.slice(0, index), pair.slice(index + 1)];
}
