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
  server.addService(AnalyzerService, {
    handshake: unary<proto.AnalyzerHandshakeRequest, proto.AnalyzerHandshakeResponse>(
      () => new proto.AnalyzerHandshakeResponse(),
    ),
    configureStack: forwardAfter(pack, AnalyzerService.configureStack, (request) => pack.start(request)),
    analyze: forward(pack, AnalyzerService.analyze),
    analyzeStack: forward(pack, AnalyzerService.analyzeStack),
    remediate: forward(pack, AnalyzerService.remediate),
    getAnalyzerInfo: forward(pack, AnalyzerService.getAnalyzerInfo),
    getPluginInfo: forward(pack, AnalyzerService.getPluginInfo),
    configure: forward(pack, AnalyzerService.configure),
  });
  const port = await listen(server);
  const stop = (): void => {
    pack.stop();
    server.forceShutdown();
    finish();
  };
  return { port, stopped, stop };
}

class PackProcess {
  readonly #directory: string;
  readonly #engine: string;
  readonly #environment: readonly string[];
  readonly #complain: (line: string) => void;
  #child: ChildProcess | undefined;
  #client: grpc.Client | undefined;

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

  async start(stack: proto.AnalyzerStackConfigureRequest): Promise<void> {
    const env = {
      ...process.env,
      ...Object.fromEntries(this.#environment.map(splitPair)),
      ...stackEnvironment(stack),
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
      void exitOf(child).then((code) => reject(new Error(`the policy pack in ${this.#directory} ended with exit code ${code}`)));
    });
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), GRPC_LIMITS);
  }

  client(): grpc.Client {
    if (!this.#client) {
      throw new Error(`the policy pack in ${this.#directory} is not running`);
    }
    return this.#client;
  }

  stop(): void {
    this.#client?.close();
    this.#child?.kill("SIGTERM");
  }
}

function forward<Request, Response>(
  pack: PackProcess,
  method: grpc.MethodDefinition<Request, Response>,
): grpc.handleUnaryCall<Request, Response> {
  return forwardAfter(pack, method, async () => {});
}

function forwardAfter<Request, Response>(
  pack: PackProcess,
  method: grpc.MethodDefinition<Request, Response>,
  prepare: (request: Request) => Promise<void>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const send = async (): Promise<void> => {
      await prepare(call.request);
      pack
        .client()
        .makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, call.request, (error, response) =>
          callback(error, response ?? null),
        );
    };
    send().catch((error: unknown) => callback({ code: grpc.status.UNKNOWN, details: messageOf(error) }));
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
