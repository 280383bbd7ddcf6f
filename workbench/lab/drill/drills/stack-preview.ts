import { rules } from "../../../../policy/rules";
import { openEngine, type RunResult } from "../../../offline/harness";
import { withVerdicts } from "../../../offline/verdicts";
import type { ProgramPatch } from "../../../offline/workspace";
import { check, type Drill, type Fact, same } from "../drill";
import { PULUMI, type StackStage, said } from "../stack-stage";
import { allReady, pods, until } from "../stage";

const STATEFUL_SET = "components/engine/stateful-set.ts";

/** An edit of the StatefulSet's manifest, as somebody in a hurry might make it. */
const edit = (find: string, replace: string): readonly ProgramPatch[] => [
  { file: STATEFUL_SET, find, replace },
];

export const newStack: Drill<StackStage> = {
  id: "R25",
  title: "a preview of a stack that does not exist yet, with no kubeconfig to ask anybody with",
  steps: ["an empty account beside the one that is deployed", "preview"],
  expectation: "every mandatory rule gives a verdict and passes; none says that it could not run",
  darkBound: () => 0,
  async run(stage) {
    const engine = await openEngine({ stack: "dev", lab: stage.lab.root });
    try {
      engine.edit(stage.edits({}));
      const [preview, verdicts] = await withVerdicts(() => engine.preview());
      return {
        touched: [],
        facts: [
          same("the preview's exit code", 0, preview.exitCode),
          same(
            "verdicts",
            rules.map(({ name }) => `${name}: pass`),
            verdicts
              .filter(({ rule }) => rules.some(({ name }) => name === rule))
              .map(({ rule, verdict }) => `${rule}: ${verdict}`),
          ),
          check("no rule says that it cannot run", !/can(no|')t run/i.test(said(preview)), said(preview)),
        ],
      };
    } finally {
      await engine.close();
    }
  },
};

export const ordinalsMoved: Drill<StackStage> = {
  id: "R11",
  title: "ordinals that start at 1: every market would move to another engine's log",
  steps: ["ordinals.start: 1 in the StatefulSet's manifest", "preview"],
  expectation: "refused in the preview, in words; no pod is touched",
  darkBound: () => 0,
  run: async (stage) => {
    const patch = edit(
      "replicas: spec.markets.length,",
      "replicas: spec.markets.length, ordinals: { start: 1 },",
    );
    return {
      touched: [],
      facts: await untouched(stage, () => refusal(stage, patch, /ordinal 3 .* has no market/)),
    };
  },
};

export const scaled: Drill<StackStage> = {
  id: "R10",
  title: "an engine more than there are markets, and a market list taken away",
  steps: [
    "preview with four replicas and three lists",
    "preview with an empty fourth list",
    "the last list is taken away: up",
    "it is brought back",
  ],
  expectation:
    "the first two are refused; the third says whose markets nobody trades, and keeps the claim; the engine comes back with its log",
  darkBound: ({ start }) => 3 * PULUMI + start,
  async run(stage) {
    const { spec } = stage;
    const more = edit("replicas: spec.markets.length,", "replicas: spec.markets.length + 1,");
    const refused = await untouched(stage, async () => [
      ...(await refusal(stage, more, /ordinal 3 .* has no market/)),
      ...(await refusalOfConfig(stage)),
    ]);
    const last = spec.markets.length - 1;
    const before = await pods(stage);
    const claim = await stage.uidOf({ claimOf: last });
    const fewer = await stage.up(stage.changed({ markets: spec.markets.slice(0, last) }));
    const lost = spec.markets[last] ?? [];
    const remarks = fewer.violations
      .filter(({ level }) => level === "advisory")
      .map(({ message }) => message);
    const kept = await stage.uidOf({ claimOf: last });
    // An update does not wait for the pods that it takes away: this one drains first.
    const without = await until(
      "the engine that was taken away is gone",
      () => pods(stage),
      ({ length }) => length === last,
      spec.gracePeriodSeconds + 30,
    );
    await stage.up(stage.changed());
    const after = await allReady(stage);
    return {
      touched: [last],
      facts: [
        ...refused,
        check(
          `the update names ${lost.join(", ")}, which nobody trades any more`,
          lost.every((market) => remarks.some((remark) => remark.includes(market))),
          remarks,
        ),
        same(`the claim of ordinal ${last}`, claim, kept),
        same("engines without it", last, without.length),
        same(
          "the other pods",
          before.slice(0, last).map(({ uid }) => uid),
          after.slice(0, last).map(({ uid }) => uid),
        ),
        same("its claim when it is back", claim, await stage.uidOf({ claimOf: last })),
      ],
    };
  },
};

async function refusalOfConfig(stage: StackStage): Promise<readonly Fact[]> {
  const preview = await stage.preview(stage.changed({ markets: [...stage.spec.markets, []] }));
  return refusals("an empty list", preview, /markets\[3\]/);
}

export const replacement: Drill<StackStage> = {
  id: "R16",
  title: "changes that replace the StatefulSet: its Service's name, the size of its volumes",
  steps: [
    "preview with another serviceName",
    "preview with larger volumes",
    "the same, unprotected: up",
    "the old size again",
  ],
  expectation: "refused while protected; unprotected, the object is replaced and its pods run on",
  darkBound: () => 0,
  async run(stage) {
    const { spec } = stage;
    const volume = "40 GiB";
    const service = edit("serviceName: serviceName(spec),", 'serviceName: serviceName(spec) + "-2",');
    const before = await pods(stage);
    const facts = await untouched(stage, async () => [
      ...(await refusal(stage, service, /protect/)),
      ...refusals("larger volumes", await stage.preview(stage.changed({ volume })), /protect/),
    ]);
    const identity = (): Promise<string> => stage.uidOf("statefulset");
    const object = await identity();
    const replaced = await stage.up(stage.changed({ volume, protect: false }));
    const reasons = replaced.steps.flatMap(({ replaceReasons }) => replaceReasons);
    const after = await pods(stage);
    return {
      touched: [],
      facts: [
        ...facts,
        check(
          "the update calls it a replacement for its claim templates",
          reasons.some((reason) => reason.includes("volumeClaimTemplates")),
          reasons,
        ),
        check("the StatefulSet is another object", (await identity()) !== object, object),
        same("the pods", uids(before), uids(after)),
        same("the number of engines", spec.markets.length, after.length),
      ],
    };
  },
};

async function refusal(
  stage: StackStage,
  patch: readonly ProgramPatch[],
  words: RegExp,
): Promise<readonly Fact[]> {
  const what = patch.map(({ replace }) => replace).join("; ");
  return refusals(what, await stage.preview(stage.changed(), patch), words);
}

function refusals(what: string, preview: RunResult, words: RegExp): readonly Fact[] {
  const text = said(preview);
  return [
    check(`${what}: refused`, preview.exitCode !== 0, text),
    check(`${what}: in words`, words.test(text), text),
  ];
}

/** What previews say, and that they touched no pod. */
async function untouched(
  stage: StackStage,
  previews: () => Promise<readonly Fact[]>,
): Promise<readonly Fact[]> {
  const before = await pods(stage);
  const facts = await previews();
  return [...facts, same("the pods after the previews", uids(before), uids(await pods(stage)))];
}

function uids(all: readonly { readonly uid: string }[]): readonly string[] {
  return all.map(({ uid }) => uid);
}
