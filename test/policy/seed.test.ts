import type { Rule } from "../../policy/lib/rule";
import { cpuExclusive } from "../../policy/rules/cpu";
import { pdbCoversEngine } from "../../policy/rules/disruption";
import { marketAssignmentUnique, singleWriter } from "../../policy/rules/identity";
import { imageDigest } from "../../policy/rules/images";
import { azCoverage } from "../../policy/rules/placement";
import { volumeTemplateFrozen } from "../../policy/rules/replacement";
import { shutdownBudget } from "../../policy/rules/shutdown";
import { storageClassTrading } from "../../policy/rules/storage";
import { taintTolerationPair } from "../../policy/rules/taints";
import { firstExample, seedStack } from "./fixtures/seed";
import { refuses } from "./support";

/**
 * The faults of the source document (`S1` … `S10` of the reference) and the rule that refuses each. Three have
 * none here: S1's Service in another namespace (rule 5, headless-service-contract) and S6, a text that describes
 * `Parallel` as ordered. S10 is the text's claim that the
 * budget keeps a market available: two of three that must stay is the one disruption that we declare too.
 */
const FAULTS: readonly (readonly [fault: string, rule: Rule, message: RegExp])[] = [
  [
    "S1: the budget is in another namespace than the pods",
    pdbCoversEngine,
    /"trading-pdb" selects its labels, but is in namespace "default" and the pods are in "trading"/,
  ],
  [
    "S2: a hook whose sleep is skipped when curl fails",
    shutdownBudget,
    /curl -X POST localhost:8080\/shutdown && sleep 60`, whose duration nothing bounds/,
  ],
  ["S3: a shutdown that nothing bounds", shutdownBudget, /no shutdown budget is declared/],
  ["S4: a Burstable pod", cpuExclusive, /requests\.cpu = "2000m": differs from the limit 4000m/],
  ["S4: memory that can be taken away", cpuExclusive, /requests\.memory = "4Gi": differs from the limit 8Gi/],
  ["S5: ordinals without a declared market", marketAssignmentUnique, /no ConfigMap with markets\.json/],
  [
    "S7: a class that deletes the log with its claim",
    storageClassTrading,
    /reclaimPolicy \(not set\): must be Retain/,
  ],
  ["S7: a volume that cannot grow", storageClassTrading, /allowVolumeExpansion \(not set\)/],
  ["S7: encrypted with nobody's key", storageClassTrading, /kmsKeyId \(not set\)/],
  [
    "S8: anti-affinity as a preference, over zones only",
    azCoverage,
    /does not keep the engine's own pods off one host/,
  ],
  ["S8: no hard spread over zones", azCoverage, /does not spread the pods over zones/],
  ["S9: an image by tag", imageDigest, /"trading-engine:v1\.2\.3": is not named by digest/],
  [
    "no toleration for the tainted nodes it asks for",
    taintTolerationPair,
    /does not tolerate trading\/dedicated=engine:NoSchedule/,
  ],
  [
    "a volume that two pods of a node may write",
    singleWriter,
    /is ReadWriteOnce and must be ReadWriteOncePod/,
  ],
  ["a replacement that stops every engine", volumeTemplateFrozen, /must be "orphan"/],
];

describe("the source document's manifests", () => {
  for (const [fault, rule, message] of FAULTS)
    it(`${rule.name} refuses ${fault}`, () => refuses(rule, seedStack(), message));

  it("image-digest refuses S9 in the first example", () =>
    refuses(imageDigest, firstExample(), /"trading-engine:latest"/));

  it("pdb-covers-engine refuses the budget in the right namespace too: it does not say what happens to broken pods", () => {
    const stack = seedStack().set("trading-pdb", "metadata.namespace", "trading");
    refuses(pdbCoversEngine, stack, /unhealthyPodEvictionPolicy \(not set\): must be chosen/);
  });
});
