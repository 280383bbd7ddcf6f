import { exchangeLines } from "./exchange";
import { leaseLines } from "./lease";
import type { Line } from "./line";
import { logLines } from "./log";
import { shutdownLines } from "./shutdown";
import { startLines } from "./start";
import { syncedLine } from "./synced";

/** The contract, in the order of docs/engine-contract.md. */
export const LINES: readonly Line[] = [
  ...startLines,
  ...shutdownLines,
  ...logLines,
  syncedLine,
  ...leaseLines,
  ...exchangeLines,
];
