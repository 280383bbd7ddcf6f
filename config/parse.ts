import type { z } from "zod";
import { ConfigError, type Problem, readSection } from "./problems";
import { crossFieldProblems } from "./rules";
import {
  type EksConfig,
  type EngineConfig,
  type ExistingConfig,
  eksSchema,
  engineName,
  engineSchema,
  existingSchema,
} from "./schema";

/** A parsed, complete and consistent stack config. */
export type TradingConfig = EksConfig | ExistingConfig;

type Raw = Readonly<Record<string, unknown>>;

/**
 * Parses a stack's config.
 *
 * @param raw values of the stack file by top-level key, without the project's prefix
 * @throws ConfigError with every problem of every section, before any resource exists
 */
export function parseConfig(raw: Raw): TradingConfig {
  return clusterKind(raw) === "existing" ? parseExisting(raw) : parseEks(raw);
}

function parseEks(raw: Raw): EksConfig {
  const problems = unknownKeys(raw, eksSchema.shape);
  const sections = {
    ...readCommon(raw, problems),
    accountId: read(eksSchema.shape.accountId, "accountId"),
    network: read(eksSchema.shape.network, "network"),
    cluster: read(eksSchema.shape.cluster, "cluster"),
    nodes: read(eksSchema.shape.nodes, "nodes"),
    storage: read(eksSchema.shape.storage, "storage"),
    registry: read(eksSchema.shape.registry, "registry"),
  };
  function read<T>(schema: z.ZodType<T>, key: string): T | undefined {
    return readSection(schema, raw[key], key, problems);
  }
  problems.push(...crossFieldProblems(sections));
  if (problems.length > 0) throw new ConfigError(problems);
  return { kind: "eks", ...eksSchema.parse(raw) };
}

function parseExisting(raw: Raw): ExistingConfig {
  const problems = unknownKeys(raw, existingSchema.shape);
  const sections = {
    ...readCommon(raw, problems),
    cluster: readSection(existingSchema.shape.cluster, raw["cluster"], "cluster", problems),
    storage: readSection(existingSchema.shape.storage, raw["storage"], "storage", problems),
  };
  problems.push(...crossFieldProblems(sections));
  if (problems.length > 0) throw new ConfigError(problems);
  return { kind: "existing", ...existingSchema.parse(raw) };
}

function readCommon(raw: Raw, problems: Problem[]) {
  const { environment, region, residency, protection, tags } = eksSchema.shape;
  readSection(environment, raw["environment"], "environment", problems);
  readSection(protection, raw["protection"], "protection", problems);
  readSection(tags, raw["tags"], "tags", problems);
  return {
    region: readSection(region, raw["region"], "region", problems),
    residency: readSection(residency, raw["residency"], "residency", problems),
    engines: readEngines(raw["engines"], problems),
  };
}

/** Engines are read one by one, so that a mistake in one does not hide what is wrong between the others. */
function readEngines(raw: unknown, problems: Problem[]): Record<string, EngineConfig> | undefined {
  if (!isMapping(raw) || Object.keys(raw).length === 0) {
    readSection(eksSchema.shape.engines, raw, "engines", problems);
    return undefined;
  }
  const engines: Record<string, EngineConfig> = {};
  for (const [name, value] of Object.entries(raw)) {
    readSection(engineName, name, `engines.${name}`, problems);
    const engine = readSection(engineSchema, value, `engines.${name}`, problems);
    if (engine) engines[name] = engine;
  }
  return Object.keys(engines).length > 0 ? engines : undefined;
}

function unknownKeys(raw: Raw, shape: Readonly<Record<string, unknown>>): Problem[] {
  return Object.keys(raw)
    .filter((key) => !Object.hasOwn(shape, key))
    .map((path) => ({
      path,
      problem: `unknown key; the stack file may have ${Object.keys(shape).join(", ")}`,
      got: raw[path],
    }));
}

function clusterKind({ cluster }: Raw): unknown {
  return isMapping(cluster) ? cluster["kind"] : undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
