import { UserError } from "../../offline/errors";

/** The parts of the benchmark, by the letters of their issue. */
export const PARTS = {
  a: "gaps in a busy-polling loop beside a noisy neighbour, on one real node",
  b: "crash, drain, death of a node and roll-out, on real nodes",
  c: "100 engines of 20 ordinals, on simulated nodes",
} as const;
export type Part = keyof typeof PARTS;

export interface BenchArguments {
  readonly kind: "run" | "help";
  readonly parts: readonly Part[];
  readonly json: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly engines: number;
  readonly state?: string;
}

const DEFAULTS = { rounds: 5, seconds: 20, engines: 100 } as const;
type Count = keyof typeof DEFAULTS;
const LIMITS: Readonly<Record<Count, readonly [least: number, most: number, step: number]>> = {
  rounds: [1, 99, 1],
  seconds: [1, 600, 1],
  engines: [10, 100, 10],
};

/** Reads the command line; throws a {@link UserError} for what it cannot mean. */
export function parseBenchArguments(argv: readonly string[]): BenchArguments {
  const parts: Part[] = [];
  const counts: Record<Count, number> = { ...DEFAULTS };
  let state: string | undefined;
  let json = false;
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === "--help" || word === "-h") return { kind: "help", parts: [], json, ...DEFAULTS };
    const [name = word, inline] = word.split(/=(.*)/s, 2);
    const count = countOf(name);
    if (word === "--json") json = true;
    else if (count !== undefined) counts[count] = number(name, inline ?? queue.shift(), LIMITS[count]);
    else if (name === "--state") state = text(name, inline ?? queue.shift());
    else parts.push(part(word));
  }
  const all = Object.keys(PARTS).filter(isPart);
  return {
    kind: "run",
    parts: parts.length === 0 ? all : all.filter((each) => parts.includes(each)),
    json,
    ...counts,
    ...(state !== undefined && { state }),
  };
}

function isPart(name: string): name is Part {
  return name in PARTS;
}

function countOf(flag: string): Count | undefined {
  return flag === "--rounds" || flag === "--seconds" || flag === "--engines"
    ? ({ "--rounds": "rounds", "--seconds": "seconds", "--engines": "engines" } as const)[flag]
    : undefined;
}

function part(word: string): Part {
  if (isPart(word)) return word;
  const what = word.startsWith("-") ? `unknown option "${word}"` : `there is no part "${word}"`;
  throw new UserError(
    `${what}; the parts are ${Object.keys(PARTS).join(", ")}. See npm run bench:lab -- --help.`,
  );
}

function text(flag: string, value: string | undefined): string {
  if (value === undefined || value === "" || value.startsWith("-"))
    throw new UserError(`${flag} needs a value.`);
  return value;
}

function number(
  flag: string,
  value: string | undefined,
  [least, most, step]: readonly [number, number, number],
): number {
  const result = /^\d+$/.test(value ?? "") ? Number(value) : Number.NaN;
  if (!(result >= least && result <= most && result % step === 0)) {
    const steps = step === 1 ? "" : ` in steps of ${step}`;
    throw new UserError(
      `${flag} must be a whole number from ${least} to ${most}${steps}, not "${value ?? ""}".`,
    );
  }
  return result;
}
