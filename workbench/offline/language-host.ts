import type { ChildProcess } from "node:child_process";
import * as grpc from "@grpc/grpc-js";
import { version } from "@pulumi/pulumi/package.json";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineLog } from "./engine-log";
import { messageOf } from "./errors";
import { exitOf, nodeBinary, readLines, sdkModule, startNode } from "./node-process";
import { type PolicyHost, startPolicyHost } from "./policy-host";
import { GRPC_LIMITS, listen, unary } from "./provider/server";
import { fromStruct, text } from "./provider/values";

/** The program has told the engine its error already: nothing may be added to it (cmd/run/index.js of the SDK). */
const ALREADY_REPORTED = 32;

/**
 * The part of Pulumi's Node.js language host that running a program and a policy pack needs. It is used only where the
 * vendor's `pulumi-language-nodejs` is not installed; the SDK's own `cmd/run` does the work either way.
 */
export async function serveLanguageHost(): Promise<number> {
  const server = new grpc.Server(GRPC_LIMITS);
  const running = new Set<ChildProcess>();
  let engineAddress = "";
  server.addService(LanguageRuntimeService, {
    handshake: unary<proto.LanguageHandshakeRequest, proto.LanguageHandshakeResponse>((request) => {
      engineAddress = request.getEngineAddress();
      return new proto.LanguageHandshakeResponse();
    }),
    getPluginInfo: unary<unknown, PluginInfo>(() => new PluginInfo().setVersion(version)),
    about: unary<unknown, proto.AboutResponse>(() =>
      new proto.AboutResponse().setExecutable(nodeBinary()).setVersion(version),
    ),
    getRequiredPackages: unary<unknown, proto.GetRequiredPackagesResponse>(
      () => new proto.GetRequiredPackagesResponse(),
    ),
    getRequiredPlugins: unary<unknown, proto.GetRequiredPluginsResponse>(
      () => new proto.GetRequiredPluginsResponse(),
    ),
    runtimeOptionsPrompts: unary<unknown, proto.RuntimeOptionsResponse>(
      () => new proto.RuntimeOptionsResponse(),
    ),
    getProgramDependencies: unary<unknown, proto.GetProgramDependenciesResponse>(
      () => new proto.GetProgramDependenciesResponse(),
    ),
    run: async (
      call: grpc.ServerUnaryCall<proto.RunRequest, proto.RunResponse>,
      callback: grpc.sendUnaryData<proto.RunResponse>,
    ) => callback(null, await runProgram(call.request, engineAddress, running)),
    runPlugin: async (call: grpc.ServerWritableStream<proto.RunPluginRequest, proto.RunPluginResponse>) =>
      await runPlugin(call, engineAddress),
    cancel: unary<unknown, Empty>(() => {
      for (const child of running) {
        child.kill("SIGTERM");
      }
      return new Empty();
    }),
  });
  return await listen(server);
}

async function runProgram(
  request: proto.RunRequest,
  engine: string,
  running: Set<ChildProcess>,
): Promise<proto.RunResponse> {
  const log = new EngineLog(engine);
  try {
    const code = await runNode(request, engine, running, log);
    return code === 0
      ? new proto.RunResponse()
      : code === ALREADY_REPORTED
        ? new proto.RunResponse().setBail(true)
        : new proto.RunResponse().setError(
            code === 127
              ? `cannot start "${nodeBinary()}": install Node.js 22 or newer, or set TRADING_NODE to its path`
              : `the program ended with exit code ${code} without saying why`,
          );
  } catch (error) {
    return new proto.RunResponse().setError(messageOf(error));
  } finally {
    log.close();
  }
}

async function runNode(
  request: proto.RunRequest,
  engine: string,
  running: Set<ChildProcess>,
  log: EngineLog,
): Promise<number> {
  const child = startNode([...nodeArguments(request), ...runArguments(request, engine)], {
    cwd: request.getPwd(),
    env: runEnvironment(request),
  });
  running.add(child);
  const pending: Promise<void>[] = [];
  const forward = (severity: "info" | "error") => (line: string) => {
    pending.push(log.write(line, severity));
  };
  const [code] = await Promise.all([
    exitOf(child),
    readLines(child.stdout, forward("info")),
    // The SDK reports errors over gRPC; what is left on stderr is Node's own warnings and the program's console.error.
    readLines(child.stderr, forward("info")),
  ]);
  running.delete(child);
  await Promise.all(pending);
  return code;
}

// `runtime.options.nodeargs` of Pulumi.yaml.
function nodeArguments(request: proto.RunRequest): readonly string[] {
  const nodeargs = text(fromStruct(request.getInfo()?.getOptions()), "nodeargs") ?? "";
  return nodeargs.split(/\s+/).filter((argument) => argument !== "");
}

function runArguments(request: proto.RunRequest, engine: string): readonly string[] {
  const info = request.getInfo();
  return [
    sdkModule(request.getPwd(), "cmd/run"),
    "--monitor",
    request.getMonitorAddress(),
    "--engine",
    engine,
    "--organization",
    request.getOrganization(),
    "--project",
    request.getProject(),
    "--root-directory",
    info?.getRootDirectory() ?? request.getPwd(),
    "--stack",
    request.getStack(),
    "--pwd",
    request.getPwd(),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    "--parallel",
    String(request.getParallel()),
    info?.getEntryPoint() || ".",
    ...request.getArgsList(),
  ];
}

function runEnvironment(request: proto.RunRequest): NodeJS.ProcessEnv {
  const config = Object.fromEntries(request.getConfigMap().getEntryList());
  return {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    PULUMI_NODEJS_TYPESCRIPT: "true",
  };
}

async function runPlugin(
  call: grpc.ServerWritableStream<proto.RunPluginRequest, proto.RunPluginResponse>,
  engine: string,
): Promise<void> {
  const { request } = call;
  if (request.getKind() !== "analyzer") {
    call.emit("error", {
      code: grpc.status.UNIMPLEMENTED,
      details: `the offline language host runs policy packs only, not a plugin of kind "${request.getKind()}"`,
    });
    return;
  }
  const directory = request.getInfo()?.getProgramDirectory() || request.getPwd();
  const say = (line: string): void => {
    call.write(new proto.RunPluginResponse().setStdout(Buffer.from(`${line}\n`)));
  };
  const complain = (line: string): void => {
    call.write(new proto.RunPluginResponse().setStderr(Buffer.from(`${line}\n`)));
  };
  const host: PolicyHost = await startPolicyHost(directory, engine, request.getEnvList(), complain);
  say(String(host.port));
  call.on("cancelled", () => host.stop());
  await host.stopped;
  call.write(new proto.RunPluginResponse().setExitcode(0));
  call.end();
}
