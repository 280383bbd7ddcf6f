import * as pulumi from "@pulumi/pulumi";
import { parseConfig, type TradingConfig } from "./parse";
import { ConfigError } from "./problems";

/**
 * Reads the stack's config. The only file that touches `pulumi.Config`.
 *
 * @throws pulumi.RunError with every problem in words, which the engine prints without a stack trace
 */
export function loadConfig(): TradingConfig {
  try {
    const config = parseConfig(rawConfig(pulumi.getProject(), pulumi.runtime.allConfig()));
    const stack = pulumi.getStack();
    // A stack file that was copied and not renamed would bring up, or take over, the other environment's resources.
    if (config.environment !== stack)
      throw new ConfigError([
        {
          path: "environment",
          problem: `must be the stack's own name; write ${stack}, or work on the stack ${config.environment}`,
          got: config.environment,
        },
      ]);
    return config;
  } catch (error) {
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

/** The project's own keys, decoded: Pulumi hands mappings and lists over as JSON text. */
export function rawConfig(project: string, all: Readonly<Record<string, string>>): Record<string, unknown> {
  const prefix = `${project}:`;
  return Object.fromEntries(
    Object.entries(all)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), decode(value)]),
  );
}

/** A text that only looks like JSON stays a text: the schema then says what it must be, without a stack trace. */
function decode(value: string): unknown {
  if (!/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
