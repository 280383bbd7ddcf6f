import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Sends lines to the engine's own display, so that a program's output appears where the vendor's host puts it. */
export class EngineLog {
  readonly #client: EngineClient;

  constructor(address: string) {
    this.#client = new EngineClient(address, grpc.credentials.createInsecure());
  }

  async write(message: string, severity: "info" | "error"): Promise<void> {
    const request = new LogRequest()
      .setMessage(message)
      .setSeverity(severity === "error" ? LogSeverity.ERROR : LogSeverity.INFO);
    // A line that cannot be delivered belongs to an engine that is gone: there is nobody left to tell.
    await new Promise<void>((resolve) => this.#client.log(request, () => resolve()));
  }

  close(): void {
    this.#client.close();
  }
}
