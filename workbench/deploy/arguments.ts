/** What somebody asked `npm run up` to do. */
export type Request =
  | { readonly kind: "help" }
  | { readonly kind: "refused"; readonly problems: readonly string[] }
  | { readonly kind: "up"; readonly environment: string; readonly flags: readonly string[] };

export const HELP = `Usage: npm run up -- <environment> [pulumi flags]

Deploys Pulumi.<environment>.yaml to AWS with the policy pack enforced, then waits until every engine is ready.
An unchanged StatefulSet is not awaited by Pulumi after its nodes were rolled, so the wait is part of the command.
Then it compares what the cluster holds with what was declared, and ends with 1 where something changed it on its way.

  <environment>   the stack: dev, staging, prod, or one of your own
  [pulumi flags]  passed on to "pulumi up", for example --yes, --diff, --target

Not accepted: --skip-preview (the preview is where a policy stops a change), --policy-pack (always policy/), --stack.
Without an account, try: npm run up:offline`;

const REFUSED: Readonly<Record<string, string>> = {
  "--skip-preview":
    "a violated stack policy is only reported after the resources were changed; leave it out, or look with --diff",
  "--policy-pack": "the pack is always policy/; to relax a rule, change its configuration in a pull request",
  "--policy-pack-config": "the pack's configuration is decided in a pull request, not on the command line",
  "--stack": "the environment is the first argument: npm run up -- <environment>",
  "--config-file": "the environment's file is always Pulumi.<environment>.yaml",
  "--cwd": "the program is always this repository's",
};

/** Short flags of `pulumi up` that stand for a refused one; several may stand behind one dash. */
const SHORT: Readonly<Record<string, string>> = { f: "--skip-preview", s: "--stack", C: "--cwd" };

/** Short flags that take the rest of their word as a value: what follows in the word is not a flag. */
const WITH_VALUE = new Set(["c", "m", "p", "r", "t", "v", "e"]);

/** Reads the command line. Pure. */
export function readArguments(argv: readonly string[]): Request {
  if (argv.includes("--help") || argv.includes("-h")) return { kind: "help" };
  const [environment, ...flags] = argv;
  if (environment === undefined)
    return { kind: "refused", problems: ["name the environment: npm run up -- <environment>"] };
  if (!/^[a-z][a-z0-9-]*$/.test(environment))
    return {
      kind: "refused",
      problems: [
        `"${environment}" is not the name of an environment; it comes first: npm run up -- <environment>`,
      ],
    };
  const problems = flags.flatMap((flag) =>
    longForms(flag).flatMap((form) => {
      const reason = REFUSED[form];
      return reason === undefined
        ? []
        : [form === flag ? `${flag}: ${reason}` : `${flag} (${form}): ${reason}`];
    }),
  );
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "up", environment, flags };
}

/** The refused long flags that a word may stand for: `--stack=x`, `-sx`, and `-yf`, which is `-y -f`. */
function longForms(flag: string): string[] {
  if (flag.startsWith("--")) return [flag.split("=")[0] ?? flag];
  if (!flag.startsWith("-")) return [];
  const forms: string[] = [];
  for (const letter of flag.slice(1)) {
    const form = SHORT[letter];
    if (form !== undefined) forms.push(form);
    if (form === "--stack" || form === "--cwd" || WITH_VALUE.has(letter)) break;
  }
  return forms;
}
