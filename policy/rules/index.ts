import type { Rule } from "../lib/rule";
import { pdbCoversEngine } from "./disruption";
import { imageDigest } from "./images";
import { capacityOnDemand } from "./nodes";

/** All rules, in the order in which they are reported. */
export const rules: readonly Rule[] = [pdbCoversEngine, imageDigest, capacityOnDemand];
