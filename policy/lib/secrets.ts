/** What a secret looks like, by the name it is given and by itself. */

/** Words that name a secret at the end of a name; what follows them tells that it is only a reference. */
const SECRET_NAME =
  /(secrets?|apikeys?|passw(or)?d|passphrase|privatekey|(access|auth|bearer|session|refresh)?token|credentials?)$/;
const REFERENCE_NAME = /(arn|file|path|dir|name|id|ref|url|uri|endpoint|ttl|seconds|region|version|prefix)$/;

/** Whether a variable or key is named like a secret: `BINANCE_API_KEY`, `exchange.secret`, `privateKey`. */
export function isSecretName(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  return (
    SECRET_NAME.test(letters.replace(/\d+$/, "")) ||
    (!REFERENCE_NAME.test(letters) &&
      /(secretkey|secretaccesskey|apikey|privatekey|apisecret|password)/.test(letters))
  );
}

const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key"],
  [/\b(AKIA|ASIA)[0-9A-Z]{16}\b/, "an AWS access key"],
  [/\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/, "a signed token"],
  [/\b(ghp|gho|ghs|github_pat|xox[abpr]|sk_live|rk_live)[_-][\w-]{16,}/, "an access token"],
];

/** `api_key: abc…` and `"apiSecret":"abc…"` in a configuration file, and `--password=abc` in a command line. */
const ASSIGNMENT = /(?:^|[\s{,"'-])([\w.-]{3,60})["']?\s*[:=]\s*["']?([^\s"',}]{6,})/g;

/** Names of secrets, as text: `arn:…:secret:name` and paths hold none themselves. */
const REFERENCE = /^(arn:|\/|\$\{|\$\(|https?:|file:|secretsmanager:|ssm:)/;

/** What kind of secret a text holds; `undefined` when it looks like none. Never returns the secret itself. */
export function secretIn(text: string): string | undefined {
  const known = SECRET_TEXTS.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return known[1];
  const withoutArns = text.replace(/arn:aws[\w-]*:[^\s"',}]+/g, "arn:");
  for (const [, name = "", value = ""] of withoutArns.matchAll(ASSIGNMENT)) {
    if (isSecretName(name) && !REFERENCE.test(value)) return `a value for ${name}`;
  }
  return undefined;
}

/** Whether a text only says where a secret is. */
export function isReference(text: string): boolean {
  return text === "" || REFERENCE.test(text) || isDocumentOfReferences(text);
}

/** `{"BTCUSDT":"arn:…"}`: a map of where the secrets are. */
function isDocumentOfReferences(text: string): boolean {
  const texts: unknown[] = [];
  try {
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value !== "object") texts.push(value);
      return value;
    });
  } catch {
    return false;
  }
  return texts.length > 0 && texts.every((leaf) => typeof leaf === "string" && REFERENCE.test(leaf));
}
