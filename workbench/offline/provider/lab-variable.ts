/** Names the lab's folder to the provider process; without it Kubernetes is simulated, too. */
export const LAB_VARIABLE = "TRADING_ON_LAB";
