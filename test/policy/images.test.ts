import { imageDigest } from "../../policy/rules/images";
import { goodStack } from "./fixtures/good";
import { FixtureStack, isNotApplicable, mustBeKnown, NEVER, passes, refuses } from "./support";

const IMAGE = "spec.template.spec.containers.0.image";

describe("image-digest", () => {
  it("passes an image by digest", () => passes(imageDigest, goodStack()));

  for (const image of [
    "trading-engine:latest",
    "trading-engine",
    "trading-engine@sha256:abc",
    `trading-engine@sha256:${"A".repeat(64)}`,
  ])
    it(`refuses ${image}`, () =>
      refuses(imageDigest, goodStack().set("btc", IMAGE, image), /is not named by digest/));

  it("looks into init containers", () => {
    const stack = goodStack().set("btc", "spec.template.spec.initContainers", [
      { name: "wait", image: "busybox:1" },
    ]);
    refuses(imageDigest, stack, /initContainers\[0\]\.image = "busybox:1"/);
  });

  it("asks for an unknown image", () =>
    mustBeKnown(imageDigest, goodStack().set("btc", IMAGE, NEVER), /containers\[0\]\.image/));

  it("has nothing to say without an engine", () =>
    isNotApplicable(imageDigest, new FixtureStack([]), /no engine/));
});
