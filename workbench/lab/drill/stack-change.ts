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

// A section in which nothing is said is left out: an empty one would be merged as a value.
function section(values: Config): Config | undefined {
  const content = defined(values);
  return Object.keys(content).length === 0 ? undefined : content;
}

function defined(values: Config): Config {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
