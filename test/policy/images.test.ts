import { imageDigest } from "../../policy/rules/images";
import { describeRule } from "./cases";
import { DIGEST } from "./fixtures/engine";
import { NEVER } from "./support";

const POD = "spec.template.spec";
const IMAGE = `${POD}.containers.0.image`;

describeRule(imageDigest, {
  accepts: [
    [
      "a tag before the digest",
      (stack) => stack.set("btc", IMAGE, `localhost:5000/trading-engine:v1@${DIGEST}`),
    ],
  ],
  refuses: [
    [
      "latest",
      (stack) => stack.set("btc", IMAGE, "trading-engine:latest"),
      /containers\[0\]\.image = "trading-engine:latest": is not named by digest/,
    ],
    ["no tag", (stack) => stack.set("btc", IMAGE, "trading-engine"), /is not named by digest/],
    [
      "half a digest",
      (stack) => stack.set("btc", IMAGE, "trading-engine@sha256:abc"),
      /is not named by digest/,
    ],
    [
      "capital letters",
      (stack) => stack.set("btc", IMAGE, `trading-engine@sha256:${"A".repeat(64)}`),
      /is not named by digest/,
    ],
    ["no image", (stack) => stack.set("btc", IMAGE, undefined), /image \(not set\)/],
    ["a number", (stack) => stack.set("btc", IMAGE, 7), /must be text/],
    [
      "an init container by tag",
      (stack) => stack.set("btc", `${POD}.initContainers`, [{ name: "wait", image: "busybox:1" }]),
      /initContainers\[0\]\.image = "busybox:1"/,
    ],
  ],
  needs: [
    ["the image", (stack) => stack.set("btc", IMAGE, NEVER), /containers\[0\]\.image/],
    ["the containers", (stack) => stack.set("btc", `${POD}.containers`, NEVER), /spec\.containers/],
  ],
});
