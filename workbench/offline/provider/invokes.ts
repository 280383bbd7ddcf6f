import { hex } from "./identity";
import { isProperties, type Properties, type Value } from "./values";

interface Place {
  readonly region: string;
  readonly account: string;
}
type Lookup = (args: Properties, place: Place) => Properties;

const FUNCTIONS: Readonly<Record<string, Lookup>> = {
  "aws:index/getPartition:getPartition": () => ({
    id: "aws",
    partition: "aws",
    dnsSuffix: "amazonaws.com",
    reverseDnsPrefix: "com.amazonaws",
  }),
  "aws:index/getCallerIdentity:getCallerIdentity": (_args, { account }) => ({
    id: account,
    accountId: account,
    arn: `arn:aws:iam::${account}:user/offline`,
    userId: "AIDAOFFLINEOFFLINE234",
  }),
  "aws:index/getRegion:getRegion": (args, place) => {
    const name = typeof args.region === "string" ? args.region : place.region;
    return { id: name, region: name, name, description: name, endpoint: `ec2.${name}.amazonaws.com` };
  },
  "aws:iam/getPolicyDocument:getPolicyDocument": policyDocument,
};

/** Answers the few look-ups that a program without look-ups still makes; anything else is refused by name. */
export function invokeAws(token: string, args: Properties, place: Place): Properties {
  const known = FUNCTIONS[token];
  if (!known) {
    throw new Error(
      `the offline provider does not answer the function ${token}: it knows ${Object.keys(FUNCTIONS).join(", ")}. ` +
        "Take the value from the stack's configuration instead, so that previews do not depend on a look-up.",
    );
  }
  return known(args, place);
}

function policyDocument(args: Properties): Properties {
  const statements = Array.isArray(args.statements) ? args.statements.filter(isProperties) : [];
  const json = JSON.stringify(
    { Version: args.version ?? "2012-10-17", Statement: statements.map(statement) },
    null,
    2,
  );
  return {
    ...args,
    id: String(Number.parseInt(hex(json, 8), 16)),
    json,
    minifiedJson: JSON.stringify(JSON.parse(json)),
  };
}

function statement(source: Properties): Properties {
  const single = (value: Value | undefined): Value | undefined =>
    Array.isArray(value) && value.length === 1 ? value[0] : value;
  const principals = (value: Value | undefined): Properties | undefined =>
    Array.isArray(value)
      ? Object.fromEntries(
          value.filter(isProperties).map((entry) => [String(entry.type), single(entry.identifiers) ?? []]),
        )
      : undefined;
  const fields: Record<string, Value | undefined> = {
    Sid: source.sid,
    Effect: source.effect ?? "Allow",
    Action: single(source.actions),
    NotAction: single(source.notActions),
    Resource: single(source.resources),
    NotResource: single(source.notResources),
    Principal: principals(source.principals),
    NotPrincipal: principals(source.notPrincipals),
    Condition: conditions(source.conditions),
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}

function conditions(value: Value | undefined): Properties | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const result: Record<string, Properties> = {};
  for (const entry of value.filter(isProperties)) {
    const test = String(entry.test);
    result[test] = { ...result[test], [String(entry.variable)]: entry.values ?? [] };
  }
  return result;
}
