import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../offline/errors";
import { onPath } from "../support/on-path";

/** What fencing asks of a cluster. */
export interface Cluster {
  /** The object or list at a path of the API; throws when there is none. */
  get(path: string): Promise<unknown>;
  /**
   * Changes an object by a JSON merge patch.
   * @returns false when somebody wrote the object after the version that the patch names; then nothing was changed
   */
  patch(path: string, body: object): Promise<boolean>;
  /** Deletes a pod without waiting for its kubelet. */
  forceDelete(namespace: string, pod: string): Promise<void>;
}

const run = promisify(execFile);
const NOBODY_WAITS_LONGER = 20_000;
/** The API server's words for a version that is not the object's any more. */
const CONFLICT = "the object has been modified";

/** The cluster of a kubeconfig context, by kubectl: it knows every way to log in. */
export function kubectlCluster(options: { readonly kubectl?: string; readonly context?: string }): Cluster {
  const { kubectl = "kubectl", context } = options;
  if (!kubectl.includes("/") && onPath(kubectl) === undefined) {
    throw new UserError(
      "kubectl is not on PATH: fencing reads and taints the Node with it. Install kubectl.",
    );
  }
  const call = async (...args: readonly string[]): Promise<string> => {
    const where = context === undefined ? [] : ["--context", context];
    try {
      const { stdout } = await run(kubectl, [...where, ...args], {
        timeout: NOBODY_WAITS_LONGER,
        maxBuffer: 64 * 2 ** 20,
      });
      return stdout;
    } catch (error) {
      const complaint =
        typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr) : "";
      throw new UserError(`kubectl ${args[0]} failed: ${complaint.trim() || "no answer"}`);
    }
  };
  return {
    get: async (path) => JSON.parse(await call("get", "--raw", path)),
    patch: async (path, body) => {
      const name = path.split("/").at(-1) ?? "";
      try {
        await call("patch", "node", name, "--type=merge", "--patch", JSON.stringify(body));
        return true;
      } catch (error) {
        if (error instanceof UserError && error.message.includes(CONFLICT)) return false;
        throw error;
      }
    },
    forceDelete: async (namespace, pod) => {
      await call(
        "delete",
        "pod",
        pod,
        "--namespace",
        namespace,
        "--force",
        "--grace-period=0",
        "--wait=false",
        "--ignore-not-found",
      );
    },
  };
}
