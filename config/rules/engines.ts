import { contains, INSTANCE_METADATA, parseCidr } from "../cidr";
import type { Problem } from "../problems";
import {
  DRAIN_RESERVE,
  gracePeriodSeconds,
  LEAST_SLACK,
  NODE_DRAIN_LIMIT,
  shutdownBudget,
} from "../shutdown";
import { seconds } from "../units";
import { engineZones, type Rule } from "./sections";

/** A market has one owner: two engines, or two ordinals, that trade it would send its orders twice. */
export const marketsOnce: Rule = ({ engines = {} }) => {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, engine] of Object.entries(engines))
    for (const [ordinal, markets] of engine.markets.entries())
      for (const [index, market] of markets.entries()) {
        const path = `engines.${name}.markets[${ordinal}][${index}]`;
        const owner = owners.get(market);
        if (owner === undefined) owners.set(market, path);
        else
          problems.push({
            path,
            problem: `is already traded by ${owner}; remove one: two owners send every order twice`,
            got: market,
          });
      }
  return problems;
};

/** Each engine has its own namespace: its quota, its policies and its deletion are its own. */
export const namespacesOnce: Rule = ({ engines = {} }) => {
  const owners = new Map<string, string>();
  return Object.entries(engines).flatMap(([name, engine]) => {
    const namespace = engine.namespace ?? name;
    const owner = owners.get(namespace);
    owners.set(namespace, owner ?? name);
    return owner === undefined
      ? []
      : [
          {
            path: `engines.${name}.namespace`,
            problem: `is already the namespace of engine ${owner}; give each engine its own`,
            got: namespace,
          },
        ];
  });
};

/** Longer than this and EKS gives a node update up while the engine is still cancelling orders. */
export const graceFitsDrain: Rule = ({ engines = {} }) =>
  Object.entries(engines).flatMap(([name, engine]) => {
    const grace = gracePeriodSeconds(shutdownBudget(engine.shutdown));
    const limit = NODE_DRAIN_LIMIT - DRAIN_RESERVE;
    if (grace <= limit) return [];
    return [
      {
        path: `engines.${name}.shutdown`,
        problem: `adds up to ${grace} seconds, over the ${limit} that a managed node group's drain leaves; shorten a phase`,
        got: engine.shutdown,
      },
    ];
  });

/** A sum without a margin is met on a good day only. */
export const slackLeft: Rule = ({ engines = {} }) =>
  Object.entries(engines).flatMap(([name, { shutdown }]) =>
    seconds(shutdown.slack) >= LEAST_SLACK
      ? []
      : [
          {
            path: `engines.${name}.shutdown.slack`,
            problem: `leaves no margin over the declared phases; use at least ${LEAST_SLACK} seconds`,
            got: shutdown.slack,
          },
        ],
  );

/** One engine a node, and a zone's share of every engine in each zone: what the scheduler needs to place them all. */
export const slotsSuffice: Rule = (sections) => {
  const { engines, nodes } = sections;
  const zones = engineZones(sections);
  if (!engines || !nodes || !zones) return [];
  const pods = Object.values(engines).map((engine) => engine.markets.length);
  const needed = pods.reduce((sum, count) => sum + Math.ceil(count / zones.length), 0);
  if (needed <= nodes.enginesPerZone) return [];
  const total = pods.reduce((sum, count) => sum + count, 0);
  return [
    {
      path: "nodes.enginesPerZone",
      problem: `leaves ${nodes.enginesPerZone * zones.length} slots in ${zones.length} zones for ${total} engine pods of ${Object.keys(engines).join(", ")}, which need ${needed} slots a zone; raise it to ${needed}, or take markets away`,
      got: nodes.enginesPerZone,
    },
  ];
};

/** A budget that allows every pod at once protects nobody. */
export const budgetProtects: Rule = ({ engines = {} }) =>
  Object.entries(engines).flatMap(([name, engine]) =>
    engine.maxDisrupted < engine.markets.length || engine.markets.length === 1
      ? engine.markets.length === 1 && engine.maxDisrupted > 1
        ? [
            {
              path: `engines.${name}.maxDisrupted`,
              problem: "is more than the engine's one pod; use 1",
              got: engine.maxDisrupted,
            },
          ]
        : []
      : [
          {
            path: `engines.${name}.maxDisrupted`,
            problem: `lets all ${engine.markets.length} pods be evicted at once; use at most ${engine.markets.length - 1}`,
            got: engine.maxDisrupted,
          },
        ],
  );

/** A canary partition beyond the last ordinal updates nothing, and says nothing about it. */
export const partitionInRange: Rule = ({ engines = {} }) =>
  Object.entries(engines).flatMap(([name, engine]) =>
    engine.partition < engine.markets.length || engine.partition === 0
      ? []
      : [
          {
            path: `engines.${name}.partition`,
            problem: `is beyond the last ordinal ${engine.markets.length - 1}, so no pod would be updated; use 0 to ${engine.markets.length - 1}`,
            got: engine.partition,
          },
        ],
  );

/** Pod Identity is EKS's: elsewhere the engine would find the ARN in its map, and no way to read the secret. */
export const credentialsNeedEks: Rule = ({ engines = {}, cluster }) =>
  cluster?.kind !== "existing"
    ? []
    : Object.entries(engines)
        .filter(([, engine]) => Object.keys(engine.credentials).length > 0)
        .map(([name, { credentials }]) => ({
          path: `engines.${name}.credentials`,
          problem:
            "need EKS, where pods get an AWS identity; remove them, and give the engine its secrets another way",
          got: credentials,
        }));

/** The API server refuses an exception outside its range, after everything before it was deployed. */
export const egressExceptions: Rule = ({ engines = {} }) =>
  Object.entries(engines).flatMap(([name, engine]) =>
    engine.egress.flatMap(({ cidr, except }, index) => {
      const path = `engines.${name}.egress[${index}]`;
      const outside = except.flatMap((exception, at) =>
        exception !== cidr && contains(parseCidr(cidr), parseCidr(exception))
          ? []
          : [
              {
                path: `${path}.except[${at}]`,
                problem: `must be a smaller range inside ${cidr}`,
                got: exception,
              },
            ],
      );
      const metadata = parseCidr(INSTANCE_METADATA);
      const opened =
        contains(metadata, parseCidr(cidr)) || cidr === INSTANCE_METADATA
          ? [
              {
                path: `${path}.cidr`,
                problem: "opens instance metadata, and with it the node's credentials; remove it",
                got: cidr,
              },
            ]
          : [];
      return [...outside, ...opened];
    }),
  );

/** An engine that may trade a market without being able to log in there starts, waits, and says so to nobody. */
export const credentialsComplete: Rule = ({ engines = {} }) =>
  Object.entries(engines).flatMap(([name, { credentials, markets }]) => {
    if (Object.keys(credentials).length === 0) return [];
    const missing = markets.flat().filter((market) => !(market in credentials));
    if (missing.length === 0) return [];
    return [
      {
        path: `engines.${name}.credentials`,
        problem: `has no entry for ${missing.join(", ")}; add one for each market, or remove them all`,
        got: Object.keys(credentials),
      },
    ];
  });

/** Credentials belong to markets that the engine trades: anything else is a typing error or a leftover. */
export const credentialsMatchMarkets: Rule = ({ engines = {} }) =>
  Object.entries(engines).flatMap(([name, engine]) => {
    const traded = new Set(engine.markets.flat());
    return Object.keys(engine.credentials).flatMap((market) =>
      traded.has(market)
        ? []
        : [
            {
              path: `engines.${name}.credentials.${market}`,
              problem: "belongs to a market that this engine does not trade; correct the symbol or remove it",
              got: market,
            },
          ],
    );
  });
