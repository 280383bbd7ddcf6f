import { type Environment, environmentOf } from "../../components/environment";
import { Network } from "../../components/network";
import { TradingCluster } from "../../components/trading-cluster";
import type { EksConfig } from "../../config/schema";
import { type Registered, type Registration, record } from "./mocks";

/** What components are given in their own tests: an environment, a network and a cluster from a stack's config. */
export interface Surroundings {
  readonly env: Environment;
  readonly network: Network;
  readonly cluster: TradingCluster;
  readonly volumeKeyArn: string;
}

export const VOLUME_KEY = "arn:aws:kms:eu-central-1:111111111111:key/volumes";

/** Makes the surroundings and, in them, the component under test; returns all registrations. */
export function recordWith(
  config: EksConfig,
  make: (surroundings: Surroundings) => unknown,
  options: { readonly preview?: boolean } = {},
): Promise<Registered> {
  return record(() => {
    const env = environmentOf(config);
    const network = new Network("net", { ...env, ...config.network });
    const cluster = new TradingCluster("control", {
      ...env,
      ...config.cluster,
      network,
      deletionProtection: config.protection.cluster,
    });
    make({ env, network, cluster, volumeKeyArn: VOLUME_KEY });
  }, options);
}

/** The children of a component, in the order of their registration. */
export function childrenOf(registered: Registered, component: Registration): Registered {
  return registered.filter(({ parent }) => parent === component.urn);
}

/** Fails unless every child's name is the component's, or begins with it. */
export function strangers(registered: Registered, component: Registration): string[] {
  return childrenOf(registered, component)
    .map(({ name }) => name)
    .filter((name) => name !== component.name && !name.startsWith(`${component.name}-`));
}

/** Names behind URNs. */
export function namesOf(urns: readonly string[]): string[] {
  return urns.map((urn) => urn.split("::").at(-1) ?? "");
}
