import { mustBeKnownInPreview } from "../../policy/rules/meta";
import { networkPolicyEnforced } from "../../policy/rules/network";
import { allowedRegions } from "../../policy/rules/residency";
import { secretsNotInPlainSight } from "../../policy/rules/secrets";
import { describeRule } from "./cases";
import { REGIONS } from "./fixtures/nodes";
import { type FixtureStack, type Json, NEVER, Output } from "./support";

const cni = (value: Json | undefined) => (stack: FixtureStack) =>
  stack.set("vpc-cni", "configurationValues", value);

describeRule(networkPolicyEnforced, {
  accepts: [
    ["true without quotes", cni('{"enableNetworkPolicy":true}')],
    [
      "the add-on of pulumi-eks",
      (stack) =>
        stack
          .without("vpc-cni")
          .add({ type: "eks:index:VpcCniAddon", name: "cni", inputs: { enableNetworkPolicy: true } }),
    ],
    [
      "the cluster's own option",
      (stack) => stack.without("vpc-cni").set("cluster", "vpcCniOptions", { enableNetworkPolicy: true }),
    ],
  ],
  refuses: [
    [
      "no add-on",
      (stack) => stack.without("vpc-cni"),
      /NetworkPolicy "btc-network": the stack has no vpc-cni add-on/,
    ],
    ["enforcement off", cni('{"enableNetworkPolicy":"false"}'), /Addon "vpc-cni" does not enforce it/],
    ["no configuration", cni(undefined), /does not enforce it/],
    ["a configuration that is not JSON", cni("enableNetworkPolicy: true"), /must be JSON/],
  ],
  needs: [["the configuration", cni(NEVER), /configurationValues/]],
});

const POD = "spec.template.spec";
const SECRET = "s3cr3t-Value-42";
const env = (name: string, value: Json) => (stack: FixtureStack) =>
  stack.set("btc", `${POD}.containers.0.env.1`, { name, value });
const data = (key: string, value: Json) => (stack: FixtureStack) =>
  stack.set("btc-markets", ["data", key], value);

describeRule(secretsNotInPlainSight, {
  config: { allowedNames: ["PUBLIC_TOKEN"] },
  accepts: [
    [
      "where the secret is",
      env("BINANCE_API_KEY_ARN", "arn:aws:secretsmanager:eu-central-1:1:secret:binance"),
    ],
    [
      "an ARN under a secret's name",
      env("BINANCE_SECRET", "arn:aws:secretsmanager:eu-central-1:1:secret:binance"),
    ],
    ["a file", env("TOKEN_FILE", "/var/run/token")],
    [
      "a reference to a Secret",
      (stack) =>
        stack.set("btc", `${POD}.containers.0.env.1`, {
          name: "API_KEY",
          valueFrom: { secretKeyRef: { name: "x", key: "y" } },
        }),
    ],
    ["an allowed name", env("PUBLIC_TOKEN", "x")],
    [
      "a map of ARNs",
      data("credentials.json", '{"BTCUSDT":"arn:aws:secretsmanager:eu-central-1:1:secret:btc-AbCdEf"}'),
    ],
    ["a rate of tokens", env("TOKEN_BUCKET_RATE", "1000000")],
    [
      "an unknown role of this stack",
      (stack) => env("ROLE", new Output("arn:x"))(stack).change("btc", { sources: { spec: ["cluster"] } }),
    ],
  ],
  refuses: [
    [
      "a secret in the environment",
      env("BINANCE_API_SECRET", SECRET),
      /env\[1\]\.value: BINANCE_API_SECRET is named like a secret and holds a literal value/,
    ],
    ["an API key", env("EXCHANGE_API_KEY", SECRET), /EXCHANGE_API_KEY is named/],
    ["a password", env("DB_PASSWORD", SECRET), /DB_PASSWORD is named/],
    ["a token", env("TELEGRAM_TOKEN", SECRET), /TELEGRAM_TOKEN is named/],
    ["a private key by name", env("SIGNING_PRIVATE_KEY", SECRET), /SIGNING_PRIVATE_KEY is named/],
    [
      "an AWS key under another name",
      env("CONFIG", "id AKIAIOSFODNN7EXAMPLE"),
      /looks like an AWS access key/,
    ],
    [
      "a private key under another name",
      env("CONFIG", "-----BEGIN EC PRIVATE KEY-----\nabc"),
      /looks like a private key/,
    ],
    [
      "a secret in a ConfigMap",
      data("apiSecret", SECRET),
      /ConfigMap "btc-markets" data\.apiSecret: apiSecret is named like a secret/,
    ],
    [
      "a secret inside a file",
      data("config.yaml", `exchange: binance\napi_key: ${SECRET}\n`),
      /looks like a value for api_key/,
    ],
    [
      "a secret inside JSON",
      data("config.json", `{"privateKey":"${SECRET}"}`),
      /looks like a value for privateKey/,
    ],
    [
      "a secret on the command line",
      (stack) => stack.set("btc", `${POD}.containers.0.args`, [`--api-secret=${SECRET}`]),
      /args\[0\]: holds what looks like a value for/,
    ],
    [
      "a secret from a ConfigMap",
      (stack) =>
        stack.set("btc", `${POD}.containers.0.env.1`, {
          name: "API_KEY",
          valueFrom: { configMapKeyRef: { name: "x", key: "y" } },
        }),
      /API_KEY comes from a ConfigMap/,
    ],
    [
      "a generated password",
      (stack) =>
        env(
          "INNOCENT",
          new Output("abc"),
        )(stack)
          .add({ type: "random:index/randomPassword:RandomPassword", name: "pw", inputs: {} })
          .change("btc", { sources: { spec: ["pw"] } })
          .set("btc", `${POD}.containers.0.env.2`, { name: "X_SECRET", value: SECRET }),
      /X_SECRET is named/,
    ],
  ],
  needs: [
    ["a value that comes from nowhere", env("INNOCENT", NEVER), /env\[1\]\.value/],
    ["the data", (stack) => stack.set("btc-markets", "data", NEVER), /data/],
  ],
});

describeRule(allowedRegions, {
  config: REGIONS,
  accepts: [
    [
      "an ARN without region",
      (stack) => stack.set("nodes-eu-central-1a", "nodeRoleArn", "arn:aws:iam::1:role/x"),
    ],
    ["a resource's own region", (stack) => stack.set("volume-key", "region", "eu-central-1")],
  ],
  refuses: [
    [
      "another region of the provider",
      (stack) => stack.set("aws", "region", "us-east-1"),
      /provider "aws" region = "us-east-1": lies in us-east-1, and only eu-central-1 is allowed/,
    ],
    [
      "another region of a resource",
      (stack) => stack.set("volume-key", "region", "eu-west-1"),
      /Key "volume-key" region = "eu-west-1"/,
    ],
    [
      "an ARN of elsewhere",
      (stack) =>
        stack.set(
          "nodes-template-eu-central-1a",
          "blockDeviceMappings.0.ebs.kmsKeyId",
          "arn:aws:kms:us-east-1:1:key/2",
        ),
      /kmsKeyId .*lies in us-east-1/,
    ],
    [
      "a zone of elsewhere",
      (stack) => stack.set("private-eu-central-1a", "availabilityZone", "eu-west-1a"),
      /availabilityZone = "eu-west-1a": lies in eu-west-1/,
    ],
    ["no region", (stack) => stack.set("aws", "region", undefined), /the region is not set/],
  ],
  needs: [["the region", (stack) => stack.set("aws", "region", NEVER), /provider "aws" region/]],
});

describeRule(mustBeKnownInPreview, {
  accepts: [
    ["unknown values elsewhere", (stack) => stack.set("btc-headless", "spec.clusterIP", new Output("None"))],
  ],
  refuses: [],
  needs: [
    [
      "the grace period",
      (stack) => stack.set("btc", `${POD}.terminationGracePeriodSeconds`, NEVER),
      /terminationGracePeriodSeconds/,
    ],
    [
      "an image in a list",
      (stack) => stack.set("btc", `${POD}.containers.0.image`, NEVER),
      /containers\[0\]\.image/,
    ],
    [
      "something deep below a field",
      (stack) => stack.set("btc", "spec.volumeClaimTemplates.0.spec.resources.requests.storage", NEVER),
      /requests\.storage/,
    ],
    ["the reclaim policy", (stack) => stack.set("storage-class", "reclaimPolicy", NEVER), /reclaimPolicy/],
    [
      "the release of the AMI",
      (stack) => stack.set("nodes-eu-central-1a", "releaseVersion", NEVER),
      /releaseVersion/,
    ],
    ["the whole template", (stack) => stack.set("btc", "spec.template", NEVER), /spec\.template/],
  ],
});
