/** Names the lab's folder to the provider process; without it Kubernetes is simulated, too. */
export const LAB_VARIABLE = "TRADING_ON_LAB";
/** Names a kubeconfig context to it instead, as JSON of a `ContextRequest`. */
export const CONTEXT_VARIABLE = "TRADING_ON_CONTEXT";
