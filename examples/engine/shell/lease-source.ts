import type { Settings } from "../core/settings";
import { fileLease } from "./file-lease";
import { inCluster, kubernetesLease } from "./kubernetes-lease";
import type { LeaseStore } from "./lease-store";

/** The store that the settings name. */
export function leaseStore({ lease: { source, name }, namespace }: Settings): LeaseStore {
  switch (source.kind) {
    case "directory":
      return fileLease(source.directory, `${namespace}.${name}`);
    case "url":
      return kubernetesLease({ url: source.url }, namespace, name);
    case "cluster":
      return kubernetesLease(inCluster(source.host, source.port), namespace, name);
  }
}
