/** What a drill changes in the stack file; all else stays as it is written there. */
export interface StackChange {
  /** AMI release of the engines' nodes. */
  readonly release?: string;
  readonly enginesPerZone?: number;
  /** One list for each ordinal. */
  readonly markets?: readonly (readonly string[])[];
  readonly image?: string;
  readonly volume?: string;
  /** Pulumi's `protect` on everything that holds state, as in staging and prod. */
  readonly protect?: boolean;
}

type Config = Readonly<Record<string, unknown>>;

/** A change in the form of a stack file's `config`. */
export function configOf(change: StackChange, engine: string): Config {
  const { release, enginesPerZone, markets, image, volume, protect } = change;
  return defined({
    "trading:nodes": section({ enginesPerZone, ami: section({ releaseVersion: release }) }),
    "trading:engines": section({ [engine]: section({ markets, image, volume }) }),
    "trading:protection": section({ state: protect }),
  });
}

/** The same as flags of `pulumi up`, one value each. */
export function configFlags(config: Config): readonly string[] {
  return ["--config-path", ...Object.entries(config).flatMap(([key, value]) => flagsOf(key, value))];
}

function flagsOf(path: string, value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((entry, index) => flagsOf(`${path}[${index}]`, entry));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, entry]) => flagsOf(`${path}.${key}`, entry));
  }
  return ["--config", `${path}=${String(value)}`];
}

// A section in which nothing is said is left out: an empty one would be merged as a value.
function section(values: Config): Config | undefined {
  const content = defined(values);
  return Object.keys(content).length === 0 ? undefined : content;
}

function defined(values: Config): Config {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
